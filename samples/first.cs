#:project ../src/Convolve.Zoo/Convolve.Zoo.csproj
using Convolve.Data;
using Convolve.Training;
using Convolve.Zoo;

LoadedData data = Datasets.Load("fashion-mnist");
DataSplits splits = DataSplits.Create(data.Train, data.Test, validationFraction: 0.1, seed: 1);
Recipe recipe = Recipes.For("lenet5", "fashion-mnist") with { Epochs = 3, Seed = 1 };
using Trainer trainer = new(LeNet5.Create(), splits, recipe);
TrainingResult result = trainer.Fit();
Console.WriteLine($"test accuracy {result.Test.Accuracy:P2} at {result.ImagesPerSecond:N0} images/s");

float[] probabilities = trainer.Classifier.Predict(data.Test.PixelsOf(0), data.Test.SizeOf(0));
Console.WriteLine($"the first test picture is a {data.Test.ClassNames[Array.IndexOf(probabilities, probabilities.Max())]}");
