using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Zoo.Experiments;

/// <summary>Experiments of one switch: two arms that differ in nothing else, over several seeds.</summary>
internal static class Ablations
{
    private const int Seeds = 5;
    private const string Asserted = "The sources claim this without figures.";
    private const string Paper = "Krizhevsky, Sutskever, Hinton 2012";

    public static IReadOnlyList<Experiment> All { get; } =
    [
        Switch("dropout", "LeNet-5 with and without dropout", $"{Paper}, section 4.2", $"{Asserted} They mean a larger network.",
            LeNet("without"), LeNet("with dropout .5", ("dropout", "0.5"))),
        Switch("min-vs-max-pooling", "min pooling compared with max pooling", "exercises of deep-learning courses", Asserted,
            LeNet("min", ("pooling", "min")), LeNet("max", ("pooling", "max"))),
        Switch("valid-vs-same", "convolutions without padding compared with same padding", "exercises of deep-learning courses",
        Asserted,
            LeNet("valid", ("padding", "valid")), LeNet("same", ("padding", "same"))),
        Switch("lrn-vs-none", "with and without local response normalization", $"{Paper}, section 3.3",
            "The paper trained on mirrored 24x24 crops for far longer. Compare the size of the difference, not the accuracies.",
            Convnet("without", new() { TestAccuracy = 0.87 }), Convnet("with", new() { TestAccuracy = 0.89 }, ("lrn", "on"))),
        Switch("overlapping-pooling", "3x3 pooling windows compared with 2x2, both with stride 2", $"{Paper}, section 3.4",
            "The paper reports a 0.4-point lower error on ImageNet.", Convnet("plain", null, ("pooling", "plain")),
            Convnet("overlapping", null)),
        Switch("augmentation", "with and without random crops and horizontal flips", $"{Paper}, section 4.1",
            "The paper only says that its network overfits without them.",
            Normed("without", TransformList.Empty), Normed("with", TransformList.Parse("random-crop:32:padding=4,horizontal-flip"))),
    ];

    private static TrainingExperiment Switch(string name, string purpose, string source, string differences, params ExperimentArm[] arms) =>
        new(name, purpose, source, differences, arms) { Seeds = Seeds };

    private static ExperimentArm LeNet(string name, params (string Key, string Value)[] options) =>
        FashionExperiments.LeNet(name, Normalization.TrainingSplit, FashionExperiments.Momentum, options);

    private static ExperimentArm Convnet(string name, Published? published, params (string Key, string Value)[] options) => new(name, new()
    {
        Network = "cuda-convnet",
        Dataset = "cifar10",
        Epochs = 10,
        BatchSize = 128,
        Optimizer = new Sgd { LearningRate = 0.05f, Momentum = 0.9f, WeightDecay = 0.0005f },
        Schedule = new() { Kind = ScheduleKind.OneCycle },
        Initialization = "kaiming-normal",
    }, published)
    { NetworkOptions = ExperimentCatalog.Chosen(options) };

    private static ExperimentArm Normed(string name, TransformList transforms) =>
        new(name, Recipes.For("cnn-bn-leaky", "cifar10") with { Epochs = 20, Transforms = transforms });
}
