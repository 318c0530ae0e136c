#:project ../src/Convolve/Convolve.csproj
using Convolve;

// dotnet run samples/classify.cs -- runs/fashion photo.png other.jpg
using ImageClassifier classifier = ImageClassifier.Load(args[0]);
foreach (FilePrediction result in classifier.PredictAll(args[1..]))
    Console.WriteLine(result.Prediction is { } prediction
        ? $"{result.File}: {prediction.Label} {prediction.Confidence:P1}, then {prediction.Top(2)[^1].Label}"
        : $"{result.File}: {result.Problem}");
