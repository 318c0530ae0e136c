using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Zoo;

/// <summary>The recipes that networks are trained by where nothing else is asked for.</summary>
/// <remarks>
/// Those of LeNet-5, AlexNet and the networks of this project were chosen on Fashion-MNIST by the accuracy on the validation split, the
/// others by their kin; the test split had no part in it.
/// </remarks>
public static class Recipes
{
    // Twenty times LeNet-5.
    private const long SmallMultiplyAdds = 8_000_000;

    /// <summary>The recipe for a network of the zoo on a data set.</summary>
    /// <param name="network">A name of <see cref="NetworkCatalog"/>.</param>
    /// <param name="dataset">The data set's name; goes into the recipe.</param>
    /// <exception cref="NetworkException">The network is unknown.</exception>
    public static Recipe For(string network, string dataset)
    {
        Recipe recipe = NetworkCatalog.Find(network).Name switch
        {
            "alexnet-d2l" or "alexnet-torchvision" => AlexNet,
            // its small first weights take their time
            "alexnet-2012" => AlexNet with { Epochs = 10, Optimizer = AlexNet.Optimizer with { LearningRate = 0.02f } },
            "nin-d2l" or "googlenet" => AlexNet with { Epochs = 10 },
            "nin" or "cuda-convnet" => AlexNet with { Epochs = 20 },
            "resnet18" or "resnet34" or "resnet50" or "googlenet-bn" => Normalized with { Epochs = 10, BatchSize = 64 },
            var name when name.StartsWith("resnet", StringComparison.Ordinal) => Normalized with { Epochs = 30, BatchSize = 128 },
            "alexnet-bn" => AlexNet with { Optimizer = AlexNet.Optimizer with { LearningRate = 0.02f } },
            "cnn-bn-leaky" or "fashion28" or "alexnet-small" => Normalized,
            var name when name.StartsWith("vgg", StringComparison.Ordinal) => name.EndsWith("-bn", StringComparison.Ordinal)
                ? Normalized with { Epochs = 20, BatchSize = 64 } : AlexNet,
            "lenet5-keras" or "lenet5-1998" => LeNet with { Optimizer = LeNet.Optimizer with { LearningRate = 0.05f } }, // tanh saturates
            _ => LeNet,
        };
        return recipe with { Network = network, Dataset = dataset };
    }

    /// <summary>The recipe for a network of your own on a data set: by whether it normalizes, and how large it is.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="dataset">The data set's name; goes into the recipe.</param>
    public static Recipe For(Graph graph, string dataset)
    {
        Recipe recipe = graph.Nodes.Any(node => node.Layer is BatchNorm) ? Normalized : graph.MultiplyAdds < SmallMultiplyAdds ? LeNet
            : AlexNet;
        return recipe with { Network = graph.Name, Dataset = dataset };
    }

    private static Recipe Plain { get; } = new()
    {
        Network = "",
        Dataset = "",
        Epochs = 15,
        BatchSize = 128,
        Optimizer = new Sgd { LearningRate = 0.1f, Momentum = 0.9f, Nesterov = true, WeightDecay = 0.001f },
        Schedule = new() { Kind = ScheduleKind.OneCycle },
    };

    // Without the clipping a long run on few images may die at the peak of its rate (decisions/0016).
    private static Recipe LeNet { get; } = Plain with { Clipping = new(Norm: 1) };

    private static Recipe Normalized { get; } = Plain with
    {
        Epochs = 15,
        BatchSize = 256,
        Optimizer = Plain.Optimizer with { LearningRate = 0.1f, WeightDecay = 0.0005f },
    };

    private static Recipe AlexNet { get; } = Plain with
    {
        Epochs = 5,
        Optimizer = Plain.Optimizer with { LearningRate = 0.01f, WeightDecay = 0.0005f },
    };
}
