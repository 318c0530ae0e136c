using Convolve.Data.Inputs;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Zoo.Experiments;

/// <summary>The AlexNet chapter of the D2L book on Fashion-MNIST, and its exercises.</summary>
internal static class FashionExperiments
{
    private const string Book = "Zhang, Lipton, Li, Smola: Dive into Deep Learning";

    private static Recipe AlexNet { get; } = new()
    {
        Network = "alexnet-d2l",
        Dataset = "fashion-mnist",
        Epochs = 10,
        BatchSize = 128,
        Optimizer = new Sgd { LearningRate = 0.01f },
        Normalization = Normalization.None,
        ValidationFraction = 0,
    };

    public static IReadOnlyList<Experiment> All { get; } =
    [
        new TrainingExperiment("fashion-alexnet", "AlexNet on Fashion-MNIST enlarged to 224x224", $"{Book}, section 8.1, the Java edition",
            "The source ran in float32 on four GPUs. It gives a learning rate of .01, but DJL sums the GPUs' gradients, each the mean " +
            "over a quarter of the batch (LocalParameterServer), so the rate for the mean over the whole batch is .04. With .01, " +
            $"Convolve reaches .8973. {ExperimentCatalog.NoChoice}",
            [
                new("alexnet", AlexNet with { Optimizer = new Sgd { LearningRate = 0.04f } }, new()
                {
                    TestAccuracy = 0.908,
                    TrainAccuracy = 0.923,
                    TrainLoss = 0.209,
                    ImagesPerSecond = 2479,
                    TrainByEpoch = [0.62, 0.83, 0.87, 0.89, 0.89, 0.90, 0.91, 0.91, 0.92, 0.92],
                    ValidationByEpoch = [0.77, 0.84, 0.88, 0.87, 0.89, 0.88, 0.91, 0.91, 0.90, 0.91],
                }),
            ]),
        new TrainingExperiment("fashion-batch-size",
        "how batch size affects accuracy, speed and memory, which is known before training starts", $"{Book}, exercises of section 8.1",
            $"The source has no figures: it ran out of memory on three services, for unknown reasons. All batch sizes use the book's " +
            $"learning rate of .01, which on one device applies to the mean over the batch. {ExperimentCatalog.NoChoice}",
            [.. new[] { 16, 32, 64, 128, 256, 512 }.Select(size => new ExperimentArm($"batch {size}", AlexNet with { BatchSize = size }))]),
        new TrainingExperiment("fashion-simplified", "a smaller AlexNet: faster, with no loss of accuracy",
        $"{Book}, exercises of section 8.1",
            "The source didn't get there ('accuracy has still not improved'), so the published figure is the full AlexNet's. The " +
            "recipe was chosen on the validation split.",
            [new("alexnet-small", Recipes.For("alexnet-small", "fashion-mnist"), new() { TestAccuracy = 0.908 })]),
        new TrainingExperiment("fashion-native", "a network for 28x28 images that beats AlexNet on enlarged ones",
        $"{Book}, exercises of section 8.1",
            "The source didn't get there, so the published figure is AlexNet's. The recipe was chosen on the validation split.",
            [new("fashion28", Recipes.For("fashion28", "fashion-mnist"), new() { TestAccuracy = 0.908 })]),
        new TrainingExperiment("fashion-lenet-dropout",
        "LeNet-5 with ReLU and dropout, which failed to train for the source, compared with the book's sigmoid",
        $"{Book}, exercises of section 7.6",
            "The source has no figures: it reports 'not training' and a curve like a heartbeat.",
            [
                LeNet("sigmoid", Normalization.None, new Sgd { LearningRate = 0.9f }, ("activation", "sigmoid"), ("pooling", "avg")),
                LeNet("sigmoid, normalised", Normalization.TrainingSplit, new Sgd { LearningRate = 0.9f }, ("activation", "sigmoid"),
                ("pooling", "avg")),
                LeNet("relu and dropout", Normalization.None, Momentum, ("pooling", "avg"), ("dropout", "0.5")),
                LeNet("relu and dropout, normalised", Normalization.TrainingSplit, Momentum, ("pooling", "avg"), ("dropout", "0.5")),
            ]),
        new CostExperiment("fashion-rooflines", "what dominates memory, compute and bandwidth in AlexNet",
        $"{Book}, exercises of section 8.1",
            "Counts depend on the network alone and should match to the last published digit. Times are this machine's.",
            "alexnet-d2l", new Dictionary<string, double>
            {
                [CostFigures.ParameterMiB] = 178.4,
                [CostFigures.LinearShareOfParameters] = 0.920,
                [CostFigures.MultiplyAdds] = 938e6,
                [CostFigures.ConvolutionShareOfMultiplyAdds] = 0.954,
                [CostFigures.ActivationMiB] = 5.09,
                [CostFigures.LinearIntensity] = 0.5,
            }),
    ];

    internal static Sgd Momentum => new() { LearningRate = 0.05f, Momentum = 0.9f };

    internal static ExperimentArm LeNet(string name, Normalization normalization, Sgd optimizer,
        params (string Key, string Value)[] options) =>
        new(name, new()
        {
            Network = "lenet5",
            Dataset = "fashion-mnist",
            Epochs = 10,
            BatchSize = 256,
            Optimizer = optimizer,
            Normalization = normalization,
            Schedule = optimizer.Momentum > 0 ? new() { Kind = ScheduleKind.Cosine } : new(),
        })
        { NetworkOptions = ExperimentCatalog.Chosen(options) };
}
