using Convolve.Data.Inputs;
using Convolve.Training.Optimizers;

namespace Convolve.Zoo.Experiments;

/// <summary>LeNet-5 on MNIST, as tutorials and a lecture train it.</summary>
internal static class MnistExperiments
{
    public static IReadOnlyList<Experiment> All { get; } =
    [
        new TrainingExperiment("mnist-lenet5", "LeNet-5 as the Keras tutorials train it", "the Keras tutorials",
            $"The published figure is from one seed. PyTorch reached .9866 with the same recipe. {ExperimentCatalog.NoChoice}",
            [
                new("adam", new()
                {
                    Network = "lenet5-keras", Dataset = "mnist", Epochs = 10, BatchSize = 32, Optimizer = new Adam { Eps = 1e-7f },
                    Normalization = Normalization.None, ValidationFraction = 0,
                }, new() { TestAccuracy = 0.9875, TestLoss = 0.0454 }),
            ]),
        new TrainingExperiment("mnist-lenet5-lecture", "LeNet-5 as published in 1998, on MNIST at 32x32, as a lecture trains it",
        "the lecture's notebook",
            $"The source gives no learning rate or batch size; this recipe uses .01 and 64. {ExperimentCatalog.NoChoice}",
            [
                new("sgd", new()
                {
                    Network = "lenet5-1998", Dataset = "mnist", Epochs = 15, BatchSize = 64,
                        Optimizer = new Sgd { LearningRate = 0.01f, Momentum = 0.9f },
                    Normalization = Normalization.MinusOneToOne, ValidationFraction = 0, Initialization = "pytorch",
                }, new() { TestAccuracy = 0.9882, Minutes = 5.0 }),
            ]),
    ];
}
