#:project ../src/Convolve.Zoo/Convolve.Zoo.csproj
using Convolve.Data;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Training;
using Convolve.Zoo;

// Trains a network of your own, on Fashion-MNIST or on a folder that has a folder of pictures for each class:
// dotnet run samples/own-network.cs -- photos
string name = args.Length > 0 ? $"folder:{args[0]}" : "fashion-mnist";
LoadedData data = await Datasets.LoadAsync(name);

// Layers one after the other would be Graph.Sequential. A builder makes networks that branch: here around two convolutions.
GraphBuilder net = new("mine", input: (data.Train.Channels, 28, 28));
var entry = net.Chain(net.Input, new Conv2d(16, 3, padding: Padding.Same), new BatchNorm2d(), new ReLU(), new MaxPool2d(2));
var path = net.Chain(entry,
    new Conv2d(16, 3, padding: Padding.Same), new BatchNorm2d(), new ReLU(),
    new Conv2d(16, 3, padding: Padding.Same), new BatchNorm2d());
var sum = net.Chain(net.Add(new Add(), path, entry), new ReLU(), new GlobalAvgPool());
Graph graph = net.Build(net.Chain(sum, new Linear(data.Train.ClassNames.Count)));
Console.WriteLine($"{graph.Name}: {graph.ParameterCount:N0} parameters, {graph.MultiplyAdds:N0} multiply-adds for a picture");

Recipe recipe = Recipes.For(graph, name) with { Epochs = 3, BatchSize = 64 };
using Trainer trainer = new(graph, recipe.Split(data), recipe);
TrainingResult result = trainer.Fit();
foreach (EpochProgress epoch in result.Epochs)
    Console.WriteLine($"epoch {epoch.Epoch}: loss {epoch.TrainLoss:F4}, validation accuracy {epoch.ValidationAccuracy:P1}");
Console.WriteLine($"test accuracy {result.Test.Accuracy:P1}");
