using Convolve.Training;

namespace Convolve.Zoo;

/// <summary>The recipes that networks are trained by where nothing else is asked for.</summary>
/// <remarks>Chosen on Fashion-MNIST by the accuracy on the validation split; the test split had no part in it.</remarks>
public static class Recipes
{
    /// <summary>The recipe for a network of the zoo on a data set.</summary>
    /// <param name="network">A name of <see cref="NetworkCatalog"/>.</param>
    /// <param name="dataset">The data set's name; goes into the recipe.</param>
    /// <exception cref="Layers.NetworkException">The network is unknown.</exception>
    public static Recipe For(string network, string dataset)
    {
        Recipe recipe = NetworkCatalog.Find(network).Name switch
        {
            "alexnet-d2l" or "alexnet-torchvision" => AlexNet,
            "alexnet-bn" => AlexNet with { Optimizer = AlexNet.Optimizer with { LearningRate = 0.02f } },
            "cnn-bn-leaky" or "fashion28" => Normalized,
            var name when name.StartsWith("vgg", StringComparison.Ordinal) => name.EndsWith("-bn", StringComparison.Ordinal) ? Normalized with { Epochs = 20, BatchSize = 64 } : AlexNet,
            "lenet5-keras" or "lenet5-1998" => LeNet with { Optimizer = LeNet.Optimizer with { LearningRate = 0.05f } }, // tanh saturates
            _ => LeNet,
        };
        return recipe with { Network = network, Dataset = dataset };
    }

    private static Recipe LeNet { get; } = new()
    {
        Network = "",
        Dataset = "",
        Epochs = 15,
        BatchSize = 128,
        Optimizer = new Sgd { LearningRate = 0.1f, Momentum = 0.9f, Nesterov = true, WeightDecay = 0.001f },
        Schedule = new() { Kind = ScheduleKind.OneCycle },
    };

    private static Recipe Normalized { get; } = LeNet with
    {
        Epochs = 15,
        BatchSize = 256,
        Optimizer = LeNet.Optimizer with { LearningRate = 0.1f, WeightDecay = 0.0005f },
    };

    private static Recipe AlexNet { get; } = LeNet with
    {
        Epochs = 5,
        Optimizer = LeNet.Optimizer with { LearningRate = 0.01f, WeightDecay = 0.0005f },
    };
}
