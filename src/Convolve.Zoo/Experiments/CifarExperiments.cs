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
            "The source ran on a GPU and tested the final weights; Convolve tests those of the best validation epoch. The source's " +
            "'double descent' in epochs 20 to 33 coincides with the learning rate of 0.1 and ends when that is first reduced.",
            [
                new("alexnet", Crop64, new() { TestAccuracy = 0.7516, ValidationAccuracy = 0.7636, TrainAccuracy = 0.9459,
                Minutes = 158.9 })
                {
                    NetworkOptions = Input("3x64x64"),
                },
            ]),
        new TrainingExperiment("cifar-cnn-bn", "a small network with batch normalization, trained the same way", Notebooks,
            "The source ran on a GPU and tested the final weights; Convolve tests those of the best validation epoch. On the JPEG copy " +
            "of the data set, which scores 2 to 3 points lower, PyTorch reached .691 and Convolve .694 after 5 epochs (3 seeds each, " +
            "float32; bench/peer_accuracy.py).",
            [new("cnn-bn-leaky", Plateau with { Network = "cnn-bn-leaky" },
            new() { TestAccuracy = 0.7495, ValidationAccuracy = 0.7740, TrainAccuracy = 0.9995, Minutes = 31.0 })]),
        new TrainingExperiment("cifar-alexnet-bn", "AlexNet with batch normalization on images enlarged to 227x227", Notebooks,
            "The source divides by the mean of the images' standard deviations (.2023 .1994 .2010), Convolve by the standard deviation " +
            "of all pixels. The source's weight decay is ten times the paper's.",
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
        new TrainingExperiment("relu-vs-tanh", "steps to reach 25 % training error with ReLU and with tanh",
        "Krizhevsky, Sutskever, Hinton 2012, figure 1",
            "In the paper's figure, ReLU gets there about six times sooner, each at its fastest learning rate and without " +
            "regularization. The paper gives neither the rates nor the batch size. The rates here have the best training accuracy " +
            "after 6 epochs, of .01, .02 and .05 for ReLU and of .005, .01, .02 and .05 for tanh. Inputs with mean 0 and standard " +
            "deviation 1, and Kaiming initialization, keep tanh from saturating at the start; the paper only subtracted the mean, " +
            "and started with small weights.",
            [
                Activation("relu", 0.02f, 20),
                Activation("tanh", 0.02f, 60),
            ])
        { TargetTrainAccuracy = 0.75 },
        new TrainingExperiment("filters", "the first layer's learned filters as a picture", "Krizhevsky, Sutskever, Hinton 2012, figure 3",
            "The paper trained on 1.2 million photographs for six days. Enlarged 32x32 images have no fine detail to learn.",
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
