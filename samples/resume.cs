#:project ../src/Convolve.Zoo/Convolve.Zoo.csproj
using Convolve.Data;
using Convolve.Runs;
using Convolve.Training;
using Convolve.Zoo;

const string Folder = "runs/resumable";
using CancellationTokenSource cancellation = new();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    cancellation.Cancel();
};

using RunFolder? run = File.Exists(Path.Combine(Folder, RunFolder.RecipeFile)) ? RunFolder.Open(Folder) : null;
if (run?.Outcome is { } outcome)
{
    Console.WriteLine($"finished: test accuracy {outcome.TestAccuracy:P2} with the weights of epoch {outcome.BestEpoch}");
    return;
}
Recipe recipe = run?.Recipe ?? Recipes.For("lenet5", "fashion-mnist") with { Epochs = 30 };
DataSplits splits = recipe.Split(Datasets.Load(recipe.Dataset));
using Trainer trainer = run is null ? RunFolder.Begin(Folder, LeNet5.Create(), splits, recipe) : run.Resume(splits);
if (trainer.ResumedFrom is { } point)
    Console.WriteLine($"going on after {point.Epochs} epochs and {point.Step} of {point.StepsPerEpoch} steps");
try
{
    TrainingResult result = trainer.Fit(cancellation: cancellation.Token);
    Console.WriteLine($"test accuracy {result.Test.Accuracy:P2}");
}
catch (OperationCanceledException)
{
    Console.WriteLine("interrupted: run it again to resume");
}
