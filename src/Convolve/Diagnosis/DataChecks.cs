using Convolve.Training;
using static Convolve.Diagnosis.Finding;

namespace Convolve.Diagnosis;

/// <summary>What the data shows: one function for each check, of what was measured.</summary>
internal static class DataChecks
{
    private const double MostConstant = 0.05;

    // Of 255: pictures that use less were scaled before they were saved.
    private const int LeastRange = 16;

    // Of the input of a network: deviation, and how many deviations its mean is from 0.
    private const double LeastDeviation = 0.05, MostOffset = 8;

    // Between the splits: in deviations of the training pixels, and of their deviations.
    private const double MostShift = 0.4, MostSpread = 1.6, SureShift = 5;
    private const int FewestCompared = 30;

    // The exponential of the entropy of the classes, as a share of their number.
    private const double LeastPerplexity = 0.5;

    // A class is rare below this share of the largest one; and how many of the classes may be.
    private const double Rare = 0.04, MostRare = 0.3;

    /// <summary>Nearest neighbors agree no more often than this many standard deviations above chance.</summary>
    public const double AtChance = 3.5;

    /// <summary>All findings of the data.</summary>
    public static IEnumerable<Finding> All(DataFigures data, Recipe recipe) => new[]
    {
        ConstantImages(data), MissingClass(data), PixelRange(data), InputScale(data, recipe), TestDiffers(data), Imbalance(data, recipe),
    }.OfType<Finding>();

    /// <summary>Pictures of one value, such as integer division leaves.</summary>
    public static Finding? ConstantImages(DataFigures data)
    {
        double share = data.Train.Constant;
        return share <= MostConstant ? null : new(Fault.ConstantImages,
            $"{Format.Percent(share)} of the training pictures are blank: all of their pixels have one value",
            Text($"values {data.Train.Least} to {data.Train.Most} of 255 in {data.Train.Count} pictures; at most ") +
            $"{Format.Percent(MostConstant)} blank pictures expected",
            "look at the pictures (data preview), and mend how they were saved: integers divided by 255 become 0",
            "pictures that differ")
        { IsGrave = true };
    }

    /// <summary>A class that can't be learned.</summary>
    public static Finding? MissingClass(DataFigures data)
    {
        string[] missing = [.. data.ClassNames.Where((_, i) => data.TrainCounts[i] == 0)];
        return missing.Length == 0 ? null : new(Fault.MissingClass,
            $"{(missing.Length == 1 ? "a class has" : Text($"{missing.Length} of {data.ClassNames.Count} classes have"))} no training " +
            $"pictures: {string.Join(", ", missing.Take(5))}",
            Text($"{data.Images} training pictures of {data.ClassNames.Count - missing.Length} classes"),
            "a larger @limit, or pictures of these classes; leave classes out that aren't needed", "every class can be predicted")
        { IsGrave = missing.Length * 2 > data.ClassNames.Count };
    }

    /// <summary>Pixels that were scaled already when they were saved.</summary>
    public static Finding? PixelRange(DataFigures data)
    {
        int range = data.Train.Most - data.Train.Least;
        return range >= LeastRange || range == 0 ? null : new(Fault.PixelRange,
            Text($"the pixels only have values {data.Train.Least} to {data.Train.Most} of 255: they were scaled before they were saved"),
            Text($"{data.Train.Levels} different values in {data.Train.Count} training pictures, standard deviation ") +
            Text($"{Digits(data.Train.Deviation / 255)} of the range; a range of at least {LeastRange} expected"),
            "save the pictures as bytes of 0 to 255: Convolve scales them itself", "pictures with their detail")
        { IsGrave = true };
    }

    /// <summary>Input far from mean 0 and deviation 1.</summary>
    public static Finding? InputScale(DataFigures data, Recipe recipe)
    {
        double offset = Math.Abs(data.InputMean) / Math.Max(1e-9, data.InputDeviation);
        if (recipe.Normalization == Data.Inputs.Normalization.TrainingSplit || data.Train.Most == data.Train.Least
            || (data.InputDeviation >= LeastDeviation && offset <= MostOffset))
            return null;
        return new(Fault.InputScale, "the input isn't normalized: the pictures have little contrast",
            Text($"mean {Digits(data.InputMean)} and standard deviation {Digits(data.InputDeviation)} at the input; a standard ") +
            Text($"deviation of at least {LeastDeviation}, and a mean within {MostOffset} of them, expected"),
            "@normalization training-split", "an input of mean 0 and standard deviation 1")
        { IsGrave = true };
    }

    /// <summary>Splits that were made in different ways.</summary>
    public static Finding? TestDiffers(DataFigures data)
    {
        (PixelFigures train, PixelFigures test) = (data.Train, data.Test);
        if (Math.Min(train.Count, test.Count) < FewestCompared || train.Deviation == 0)
            return null;
        double shift = Math.Abs(train.Mean - test.Mean) / train.Deviation, spread = test.Deviation / train.Deviation;
        // Splits of the same pictures differ by chance only.
        double error = Math.Sqrt(train.MeanDeviation * train.MeanDeviation / train.Count
            + test.MeanDeviation * test.MeanDeviation / test.Count);
        bool isShifted = shift > MostShift && Math.Abs(train.Mean - test.Mean) > SureShift * error;
        bool isSpread = spread is > MostSpread or < 1 / MostSpread;
        return !isShifted && !isSpread ? null : new(Fault.TestDiffers,
            "training and test pictures were prepared differently: their brightness or contrast differs",
            Text($"mean {Digits(train.Mean)} and {Digits(test.Mean)} of 255, standard deviation {Digits(train.Deviation)} and ") +
            Text($"{Digits(test.Deviation)}; a shift of {Digits(shift)} standard deviations, at most {MostShift} expected"),
            "prepare both splits in the same way, from the same source", "a test accuracy near the validation accuracy");
    }

    /// <summary>Classes so different in size that guessing the largest is hard to beat.</summary>
    public static Finding? Imbalance(DataFigures data, Recipe recipe)
    {
        int present = data.TrainCounts.Count(n => n > 0);
        double perplexity = Math.Exp(data.Entropy) / Math.Max(1, present);
        int most = data.TrainCounts.Max(), rare = data.TrainCounts.Count(n => n > 0 && n < Rare * most);
        if (!recipe.ClassWeights.IsNone || present < 2 || (perplexity >= LeastPerplexity && rare <= MostRare * present))
            return null;
        bool isUneven = perplexity < LeastPerplexity;
        string largest = data.ClassNames[data.TrainCounts.ToList().IndexOf(most)];
        return new(Fault.Imbalance, $"the classes are very uneven: " + (isUneven
            ? $"{Format.Percent((double)most / data.Images)} of the training pictures are of {largest}"
            : Text($"{rare} of {present} have less than a {1 / Rare:0}th of the pictures of {largest}")), isUneven
            ? Text($"the entropy of the classes is that of {Digits(Math.Exp(data.Entropy))} even ones of {present}; at least ") +
            Text($"{LeastPerplexity * present:0.#} expected")
            : Text($"{data.TrainCounts.Where(n => n > 0).Min()} to {most} training pictures in a class; at most ") +
            Text($"{Format.Percent(MostRare)} of the classes below a {1 / Rare:0}th of the largest expected"),
            "@class-weights balanced", "rare classes count as much as frequent ones; a lower accuracy where frequent ones dominated it");
    }
}
