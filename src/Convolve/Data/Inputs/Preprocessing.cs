using System.Collections.ObjectModel;
using System.Globalization;
using Convolve.Data.Transforms;

namespace Convolve.Data.Inputs;

/// <summary>How an image is resized.</summary>
internal enum Interpolation
{
    /// <summary>
    /// Between the four nearest pixels, centers at halves, no smoothing (PyTorch's align_corners=False, antialias=False).
    /// </summary>
    Bilinear,
}

/// <summary>How pixel values are scaled to a range that networks learn well from.</summary>
public enum Normalization
{
    /// <summary>Bytes become numbers in [0, 1].</summary>
    None,

    /// <summary>Mean 0 and standard deviation 1 per channel over the pixels of the training split.</summary>
    TrainingSplit,

    /// <summary>Bytes become numbers in [-1, 1].</summary>
    MinusOneToOne,
}

/// <summary>
/// Everything between the bytes of an image and the input of a network: the steps that evaluation shares with training, and then x = (byte
/// / 255 - mean) / std, at the network's size. It is computed once, stored with the weights and used wherever the network is: nothing else
/// normalizes.
/// </summary>
/// <remarks>Two are equal when all their values are. Each is checked when set, how they fit together by <see cref="Validate"/>.</remarks>
public sealed record Preprocessing
{
    /// <summary>The network's input.</summary>
    /// <exception cref="DatasetException">The channels are not 1 or 3, or height or width is below 1.</exception>
    public required ImageSize Size
    {
        get;
        init => field = value.IsValid && value.Channels is 1 or 3
            ? value
            : throw new DatasetException($"Preprocessing: an input of {value} is invalid. Use 1 or 3 channels and sizes of at least 1.");
    }

    /// <summary>
    /// What is done to an image's bytes first, such as resize:256 and center-crop:224: the evaluation's part of the recipe's transforms.
    /// Where all training images had one size, a resize to that comes first.
    /// </summary>
    /// <exception cref="DatasetException">One of them is random.</exception>
    public TransformList Steps
    {
        get;
        init => field = (value ?? throw new ArgumentNullException(nameof(value))).FirstOrDefault(t => t.IsRandom) is not { } random ? value
            : throw new DatasetException(
            $"Preprocessing: the step {random} is random. Use only deterministic steps, such as resize:256 and center-crop:224.");
    } = TransformList.Empty;

    /// <summary>How images of another size after the steps are resized to <see cref="Size"/>; default bilinear.</summary>
    internal Interpolation Interpolation
    {
        get;
        init => field = Enum.IsDefined(value)
            ? value
            : throw new DatasetException(
                $"Preprocessing: the interpolation {value} is unknown. Known: {string.Join(", ", Enum.GetNames<Interpolation>())}.");
    }

    /// <summary>What is subtracted, per channel, in units of byte / 255.</summary>
    /// <exception cref="DatasetException">A value is not finite.</exception>
    public required IReadOnlyList<float> Mean
    {
        get;
        init => field = Numbers("mean", value, float.IsFinite, "finite");
    }

    /// <summary>What is divided by, per channel, in units of byte / 255.</summary>
    /// <exception cref="DatasetException">A value is not above 0 and finite.</exception>
    public required IReadOnlyList<float> Std
    {
        get;
        init => field = Numbers("std", value, x => x > 0 && float.IsFinite(x), "above 0 and finite");
    }

    /// <summary>The name of each output of the network.</summary>
    /// <exception cref="DatasetException">There is none, one is blank, or two are the same.</exception>
    public required IReadOnlyList<string> ClassNames
    {
        get;
        init => field = Data.ClassNames.Validated("Preprocessing", value ?? throw new ArgumentNullException(nameof(value)));
    }

    /// <summary>What the channels are: <c>grey</c> (one) or <c>rgb</c> (three, red first).</summary>
    /// <exception cref="DatasetException">It is neither.</exception>
    public required string ColorOrder
    {
        get;
        init => field = value is "grey" or "rgb"
            ? value
            : throw new DatasetException($"Preprocessing: the color order \"{value}\" is unknown. Use \"grey\" or \"rgb\".");
    }

    /// <summary>The preprocessing that fits a training split to a network.</summary>
    /// <remarks>
    /// Mean and standard deviation (of the population, not the sample) are exact: computed from counts of each byte value over all pixels
    /// of the split at its own size, in integers up to the last division. A channel that never changes gets the standard deviation 1.
    /// </remarks>
    /// <param name="train">The images to learn from; only these are used.</param>
    /// <param name="target">The network's input. Gray images fit three channels: they are repeated.</param>
    /// <param name="how">What the mean and standard deviation are computed from.</param>
    /// <param name="transforms">The transforms of the training images; null for none.</param>
    /// <exception cref="DatasetException">The channels or the transforms do not fit, or the split is empty.</exception>
    public static Preprocessing Fit(Split train, ImageSize target, Normalization how, TransformList? transforms = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        ImagePipeline.CheckChannels(train.Dataset.Channels, target);
        (float[] mean, float[] std) = how switch
        {
            Normalization.None => (Repeated(0), Repeated(1)),
            Normalization.MinusOneToOne => (Repeated(.5f), Repeated(.5f)),
            Normalization.TrainingSplit => Measured(),
            _ => throw new ArgumentOutOfRangeException(nameof(how), how, "Unknown normalization."),
        };
        return new Preprocessing
        {
            Size = target,
            Steps = (transforms ?? TransformList.Empty).For(train, target).Evaluation(train.Dataset.Size),
            Mean = mean,
            Std = std,
            ClassNames = train.Dataset.ClassNames,
            ColorOrder = target.Channels == 1 ? "grey" : "rgb",
        };

        float[] Repeated(float value) => [.. Enumerable.Repeat(value, target.Channels)];

        (float[] Mean, float[] Std) Measured()
        {
            (double Mean, double Std)[] source = ChannelStatistics.Of(train);
            var perChannel = Enumerable.Range(0, target.Channels).Select(c => source[Math.Min(c, source.Length - 1)]).ToArray();
            return ([.. perChannel.Select(s => (float)s.Mean)], [.. perChannel.Select(s => s.Std > 0 ? (float)s.Std : 1f)]);
        }
    }

    /// <summary>Checks that channels, means, standard deviations and color order fit together.</summary>
    /// <exception cref="DatasetException">They do not.</exception>
    public Preprocessing Validate()
    {
        if (Mean.Count != Size.Channels || Std.Count != Size.Channels)
        {
            throw new DatasetException(
                $"Preprocessing: got {Mean.Count} means and {Std.Count} standard deviations for {Size.Channels} channels. Give one of " +
                $"each per channel.");
        }

        string expected = Size.Channels == 1 ? "grey" : "rgb";
        if (ColorOrder != expected)
        {
            throw new DatasetException(
                $"Preprocessing: the color order \"{ColorOrder}\" does not fit {Size.Channels} channels. Use \"{expected}\".");
        }

        for (int c = 0; c < Size.Channels; c++)
        {
            if (!float.IsFinite(Normalized(c, 0)) || !float.IsFinite(Normalized(c, 255)))
            {
                throw new DatasetException(string.Create(CultureInfo.InvariantCulture,
                    $"Preprocessing: mean {Mean[c]:R} and std {Std[c]:R} of channel {c} map pixels outside the range of float."));
            }
        }

        return this;
    }

    /// <summary>The input value that a byte of a channel becomes.</summary>
    internal float Normalized(int channel, int value) => (float)((value / 255.0 - Mean[channel]) / Std[channel]);

    /// <summary>All values as JSON, floats in their shortest exact form.</summary>
    /// <exception cref="DatasetException">The values do not fit together.</exception>
    public string ToJson() => PreprocessingJson.Write(Validate());

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="DatasetException">The text is not JSON, lacks a value, or has an unknown or invalid one.</exception>
    public static Preprocessing FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return PreprocessingJson.Read(json).Validate();
    }

    /// <inheritdoc/>
    public bool Equals(Preprocessing? other) =>
        other is not null && Size == other.Size && Steps.Equals(other.Steps) && Interpolation == other.Interpolation
            && ColorOrder == other.ColorOrder &&
        Mean.SequenceEqual(other.Mean) && Std.SequenceEqual(other.Std) && ClassNames.SequenceEqual(other.ClassNames);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        hash.Add(Size);
        hash.Add(Steps);
        hash.Add(Interpolation);
        hash.Add(ColorOrder);
        foreach (float value in Mean.Concat(Std))
            hash.Add(value);
        foreach (string name in ClassNames)
            hash.Add(name);
        return hash.ToHashCode();
    }

    /// <summary>
    /// Steps, size and normalization, as in <c>resize:70, center-crop:64, 3x64x64, bilinear, mean 0.2860 ...</c>; a resize to that size
    /// isn't repeated.
    /// </summary>
    public override string ToString()
    {
        bool saysSizeTwice = Steps is [Resize { KeepsAspect: false, Antialias: true } only] && only.Size == FrameSize.Of(Size);
        string steps = saysSizeTwice ? "" : string.Concat(Steps.Select(s => $"{s}, "));
        return string.Create(CultureInfo.InvariantCulture,
            $"{steps}{Size}, {PreprocessingJson.Name(Interpolation)}, mean {Join(Mean)}, std {Join(Std)}, {ColorOrder}, " +
            $"{ClassNames.Count} classes");
    }

    private static string Join(IReadOnlyList<float> values) =>
        string.Join(" ", values.Select(x => x.ToString("F4", System.Globalization.CultureInfo.InvariantCulture)));

    private static ReadOnlyCollection<float> Numbers(string name, IReadOnlyList<float> values, Func<float, bool> isGood, string good)
    {
        ArgumentNullException.ThrowIfNull(values, name);
        foreach (float value in values)
        {
            if (!isGood(value))
            {
                throw new DatasetException(string.Create(CultureInfo.InvariantCulture,
                    $"Preprocessing: a {name} of {value:R} is invalid. Each must be {good}."));
            }
        }

        return Array.AsReadOnly(values.ToArray());
    }
}
