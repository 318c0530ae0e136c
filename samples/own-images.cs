#:project ../src/Convolve.Zoo/Convolve.Zoo.csproj
using Convolve;
using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Training;
using Convolve.Zoo;

// Trains on a folder that has a folder of pictures for each class (photos/cat, photos/dog), then classifies other pictures:
// dotnet run samples/own-images.cs -- photos cat.jpg dog.jpg
string folder = $"folder:{args[0]}";
LoadedData photos = await Datasets.LoadAsync(folder, new() { SkipBad = true });
foreach (string file in photos.Skipped)
    Console.WriteLine($"left out: {file}");

Recipe recipe = Recipes.For("resnet20", folder) with
{
    BatchSize = 32,
    SkipBad = true,
    Transforms = TransformList.Parse("random-resized-crop:32,flip"), // other parts of the pictures in every epoch, and mirrored
};
DataSplits splits = recipe.Split(photos);
Console.WriteLine($"{splits.Train.Count} pictures to train on, {splits.Validation.Count} to choose the best epoch, " +
    $"{splits.Test.Count} to test; classes: {string.Join(", ", photos.Train.ClassNames)}");

using Trainer trainer = new(CifarResNet.Create(20, photos.Train.ClassNames.Count, (photos.Train.Channels, 32, 32)), splits, recipe);
TrainingResult result = trainer.Fit();
Console.WriteLine($"test accuracy {result.Test.Accuracy:P1} on {result.Test.Images} pictures after {result.Elapsed.TotalSeconds:F1} s");
trainer.Classifier.Save("model.safetensors");

using ImageClassifier classifier = ImageClassifier.Load("model.safetensors");
foreach (FilePrediction file in classifier.PredictAll(args[1..]))
    Console.WriteLine($"{file.File}: {file.Prediction?.ToString() ?? file.Problem}");
