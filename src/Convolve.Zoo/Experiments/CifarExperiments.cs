using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Zoo.Experiments;

/// <summary>Notebooks that train AlexNet and a small network on CIFAR-10.</summary>
internal static class CifarExperiments
{
    private const string Notebooks = "PyTorch notebooks on CIFAR-10";

    /// <summary>
    /// Batches of 256 of numbers in [-1, 1], a tenth for validation, and a rate that is cut where its accuracy has stopped improving.
    /// </summary>
    private static Recipe Plateau { get; } = new()
    {
        Network = "",
        Dataset = "cifar10",
        Epochs = 200,
        BatchSize = 256,
        Optimizer = new Sgd { LearningRate = 0.1f, Momentum = 0.9f },
        Schedule = new() { Kind = ScheduleKind.Plateau },
        Normalization = Normalization.MinusOneToOne,
    };

    private static Recipe Crop64 { get; } =
        Plateau with { Network = "alexnet-torchvision", Transforms = TransformList.Parse("resize:70,random-crop:64") };

    public static IReadOnlyList<Experiment> All { get; } =
    [
        new TrainingExperiment("cifar-alexnet-crop", "torchvision's AlexNet on crops of 64x64", Notebooks,
            "The source ran on a graphics card, and tests the last weights, we those of the best epoch by validation. Its 'double " +
            "descent' of epochs 20 to 33 coincides with the learning rate 0.1 and ends at its first cut.",
            [
                new("alexnet", Crop64, new() { TestAccuracy = 0.7516, ValidationAccuracy = 0.7636, TrainAccuracy = 0.9459,
                Minutes = 158.9 })
                {
                    NetworkOptions = Input("3x64x64"),
                },
            ]),
        new TrainingExperiment("cifar-cnn-bn", "a small network with batch normalisation by the same regime", Notebooks,
            "The source ran on a graphics card, and tests the last weights, we those of the best epoch by validation. On the JPEG copy " +
            "of the set, which is 2 to 3 points below it, PyTorch came to .691 and we to .694 after 5 epochs (3 seeds each, float32; " +
            "bench/peer_accuracy.py).",
            [new("cnn-bn-leaky", Plateau with { Network = "cnn-bn-leaky" },
            new() { TestAccuracy = 0.7495, ValidationAccuracy = 0.7740, TrainAccuracy = 0.9995, Minutes = 31.0 })]),
        new TrainingExperiment("cifar-alexnet-bn", "AlexNet with batch normalisation on images enlarged to 227x227", Notebooks,
            "The source normalises by the mean of the images' deviations (.2023 .1994 .2010), we by the deviation of the pixels; its " +
            "weight decay is ten times the paper's.",
            [
                new("alexnet-bn", new()
                {
                    Network = "alexnet-bn", Dataset = "cifar10", Epochs = 20, BatchSize = 64,
                    Optimizer = new Sgd { LearningRate = 0.005f, Momentum = 0.9f, WeightDecay = 0.005f, DecaysBiases = true },
                }, new()
                {
                    TestAccuracy = 0.8154,
                    ValidationByEpoch = [0.573, 0.6898, 0.7296, 0.7536, 0.7752, 0.7634, 0.7858, 0.7962, 0.7948],
                }),
            ]),
        new TrainingExperiment("relu-vs-tanh", "how many steps to 25 % training error, with ReLU and with tanh",
        "Krizhevsky, Sutskever, Hinton 2012, figure 1",
            "The paper's figure has ReLU there about six times as early, each at the learning rate at which it trains fastest and " +
            "without regularisation. It names neither rates nor batch size: ours are the best of .01, .02, .05 with ReLU and of .005, " +
            ".01, .02, .05 with tanh by the training accuracy after 6 epochs. Inputs of mean 0 and deviation 1 and Kaiming's first " +
            "weights keep tanh from saturating at the start; the paper took the mean away only, and began with small weights.",
            [
                Activation("relu", 0.02f, 20),
                Activation("tanh", 0.02f, 60),
            ])
        { TargetTrainAccuracy = 0.75 },
        new TrainingExperiment("filters", "the first layer's learned filters as a picture", "Krizhevsky, Sutskever, Hinton 2012, figure 3",
            "The paper learned from 1.2 million photographs for six days; enlarged 32x32 images have no fine detail to learn.",
            [
                new("alexnet", Crop64 with
                {
                    Epochs = 15,
                    Optimizer = new Sgd { LearningRate = 0.02f, Momentum = 0.9f, WeightDecay = 0.0005f },
                    Schedule = new() { Kind = ScheduleKind.OneCycle },
                    Transforms = TransformList.Parse("resize:70,random-crop:64,horizontal-flip"),
                })
                { NetworkOptions = Input("3x64x64") },
            ])
        { DrawsFilters = true },
    ];

    private static Dictionary<string, string> Input(string shape) => ExperimentCatalog.Chosen(("input", shape));

    private static ExperimentArm Activation(string name, float rate, int epochs) => new(name, new()
    {
        Network = "cuda-convnet",
        Dataset = "cifar10",
        Epochs = epochs,
        BatchSize = 128,
        Optimizer = new Sgd { LearningRate = rate, Momentum = 0.9f },
        Initialization = "kaiming-normal",
    })
    { NetworkOptions = ExperimentCatalog.Chosen(("activation", name)) };
}
