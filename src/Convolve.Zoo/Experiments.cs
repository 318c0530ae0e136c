using Convolve.Data;
using Convolve.Layers;
using Convolve.Training;

namespace Convolve.Zoo;

/// <summary>The experiments by name.</summary>
/// <remarks>Recipes carry the values of their sources. Where a source trained on all images and looked at the test set, so does the recipe: there is no validation split.</remarks>
public static class Experiments
{
    private const string Book = "Zhang, Lipton, Li, Smola: Dive into Deep Learning";
    private const string NoChoice = "The source has no validation split: the weights of the epoch with the best training accuracy are tested.";

    /// <summary>All experiments.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
    [
        new("mnist-lenet5", "LeNet-5 as the Keras tutorials train it", "the Keras tutorials",
            $"The published figure is of one seed; PyTorch gave .9866 by the same recipe. {NoChoice}",
            [
                new("adam", new()
                {
                    Network = "lenet5-keras", Dataset = "mnist", Epochs = 10, BatchSize = 32, Optimizer = new Adam { Eps = 1e-7f },
                    Normalization = Normalization.None, ValidationFraction = 0,
                }, new(TestAccuracy: 0.9875, TestLoss: 0.0454)),
            ]),
        new("mnist-lenet5-lecture", "LeNet-5 of 1998 on MNIST at 32x32, as a lecture trains it", "the lecture's notebook",
            $"The source names no learning rate and no batch size: .01 and 64 here. {NoChoice}",
            [
                new("sgd", new()
                {
                    Network = "lenet5-1998", Dataset = "mnist", Epochs = 15, BatchSize = 64, Optimizer = new Sgd { LearningRate = 0.01f, Momentum = 0.9f },
                    Normalization = Normalization.MinusOneToOne, ValidationFraction = 0, Initialization = "pytorch",
                }, new(TestAccuracy: 0.9882)),
            ]),
        new("fashion-alexnet", "AlexNet on Fashion-MNIST enlarged to 224x224", $"{Book}, section 8.1, the Java edition",
            $"The source ran in float32 on four graphics cards. {NoChoice}",
            [
                new("alexnet", new()
                {
                    Network = "alexnet-d2l", Dataset = "fashion-mnist", Epochs = 10, BatchSize = 128, Optimizer = new Sgd { LearningRate = 0.01f },
                    Normalization = Normalization.None, ValidationFraction = 0,
                }, new(TestAccuracy: 0.908, TrainAccuracy: 0.923, TrainLoss: 0.209)),
            ]),
        new("fashion-native", "a better design at 28x28 than AlexNet on enlarged images", $"{Book}, exercises of section 8.1", "The source reached no figure; the recipe was chosen on the validation split.",
            [new("fashion28", Recipes.For("fashion28", "fashion-mnist"))]),
        new("fashion-lenet-dropout", "LeNet-5 with ReLU and dropout, which did not train for the source, against the book's with sigmoid", $"{Book}, exercises of section 7.6",
            "The source reached no figure: 'not training', and a curve like a heartbeat.",
            [
                Lenet("sigmoid", Normalization.None, new Sgd { LearningRate = 0.9f }, ("activation", "sigmoid"), ("pooling", "avg")),
                Lenet("relu and dropout", Normalization.None, new Sgd { LearningRate = 0.05f, Momentum = 0.9f }, ("pooling", "avg"), ("dropout", "0.5")),
                Lenet("relu and dropout, normalised", Normalization.TrainingSplit, new Sgd { LearningRate = 0.05f, Momentum = 0.9f }, ("pooling", "avg"), ("dropout", "0.5")),
            ]),
        new("dropout", "dropout in LeNet-5 or none", "Krizhevsky, Sutskever, Hinton 2012, section 4.2", "The sources only assert it, and of a larger network.",
            [
                Lenet("with dropout .5", Normalization.TrainingSplit, OneSwitch, ("dropout", "0.5")),
                Lenet("without", Normalization.TrainingSplit, OneSwitch),
            ]),
    ];

    private static Sgd OneSwitch => new() { LearningRate = 0.05f, Momentum = 0.9f };

    /// <summary>The experiment of a name.</summary>
    /// <exception cref="NetworkException">The name is unknown; the message has the nearest one and the list.</exception>
    public static Experiment Find(string name)
    {
        if (All.FirstOrDefault(e => e.Name == name) is { } found)
            return found;
        string guess = NearestName.Of(name, All.Select(e => e.Name)) is { } nearest ? $" Did you mean {nearest}?" : "";
        throw new NetworkException($"There is no experiment \"{name}\".{guess} Known are {string.Join(", ", All.Select(e => e.Name))}.");
    }

    private static ExperimentArm Lenet(string name, Normalization normalization, Sgd optimizer, params (string Key, string Value)[] options) =>
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
        { NetworkOptions = options.ToDictionary(o => o.Key, o => o.Value) };
}
