using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Zoo;

namespace Convolve.Tests.Execution;

/// <summary>Small networks of each make that the engine treats in its own way.</summary>
internal static class Networks
{
    public static Graph LeNet { get; } = LeNet5.Create(10, new() { Dropout = 0.3f });

    /// <summary>AlexNet's layers with a tenth of its channels.</summary>
    public static Graph SmallAlexNet { get; } = Graph.Sequential("small-alexnet", (3, 67, 67),
    [
        new Conv2d(16, 11, stride: 4),  new ReLU(), new MaxPool2d(3, stride: 2),
        new Conv2d(48, 5, padding: 2),  new ReLU(), new MaxPool2d(3, stride: 2),
        new Conv2d(64, 3, padding: 1),  new ReLU(),
        new Conv2d(32, 3, padding: 1),  new ReLU(), new MaxPool2d(3, stride: 2),
        new Flatten(),
        new Linear(100),                new ReLU(), new Dropout(0.5f),
        new Linear(10),
    ]);

    /// <summary>Branches that are added and concatenated.</summary>
    public static Graph Branching { get; } = Branches();

    private static Graph Branches()
    {
        GraphBuilder net = new("branching", (3, 16, 16));
        var stem = net.Chain(net.Input, new Conv2d(16, 3, padding: 1), new ReLU());
        var residual = net.Add(new Add(), net.Chain(stem, new Conv2d(16, 3, padding: 1), new Tanh(), new Dropout(0.2f),
            new Conv2d(16, 3, padding: 1)), stem);
        var joined = net.Add(new Concat(), net.Chain(residual, new Conv2d(7, 1), new ReLU()),
            net.Add(new MaxPool2d(3, stride: 1, padding: 1), stem), residual);
        return net.Build(net.Chain(joined, new AvgPool2d(2), new Flatten(), new Dropout(0.4f), new Linear(10)));
    }

    public static Graph Named(string name) => name switch
    {
        "lenet" => LeNet,
        "alexnet" => SmallAlexNet,
        _ => Branching,
    };
}
