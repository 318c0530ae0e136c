using Convolve.Data.Transforms;
using Convolve.Kernels;
using Convolve.Kernels.Pixels;

namespace Convolve.Data.Inputs;

/// <summary>
/// Turns the bytes of an image into the input of a network, as a <see cref="Preprocessing"/> says: its steps, then resized and normalized,
/// in planes (channel, row, column), in float32 or bfloat16.
/// </summary>
/// <remarks>Safe to use from several threads at once. After a thread has met its largest image, no call allocates.</remarks>
internal sealed class ImagePipeline
{
    private readonly ImageSize _target;
    private readonly Normalizer[] _normalizers;
    private readonly bool[] _repeatsFirst;

    /// <param name="preprocessing">What to do.</param>
    /// <param name="channels">The channels that images come in. Gray images fit three channels: they are repeated.</param>
    /// <exception cref="DatasetException">The channels do not fit, or the preprocessing contradicts itself.</exception>
    public ImagePipeline(Preprocessing preprocessing, int channels)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        (Preprocessing, Channels, _target) = (preprocessing.Validate(), channels, preprocessing.Size);
        CheckChannels(channels, _target);
        _normalizers = [.. Enumerable.Range(0, _target.Channels)
            .Select(c => new Normalizer(i => preprocessing.Normalized(c, i), preprocessing.Mean[c], preprocessing.Std[c]))];
        _repeatsFirst = [.. _normalizers.Select((n, c) => c > 0 && channels == 1 && n.GivesTheSameAs(_normalizers[0]))];
    }

    /// <summary>What the pipeline does.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>The channels that images come in.</summary>
    public int Channels { get; }

    /// <summary>The input of one image as float32.</summary>
    /// <param name="pixels">An image in planes.</param>
    /// <param name="size">Its size; of <see cref="Channels"/> channels.</param>
    /// <param name="destination">Room for exactly one input of the network.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    /// <exception cref="DatasetException">The image is too small for a crop among the steps.</exception>
    public void Write(ReadOnlySpan<byte> pixels, ImageSize size, Span<float> destination)
    {
        Write(new KeptPicture(pixels, size), destination);
    }

    /// <summary>The input of one image as the bits of bfloat16, rounded to nearest, ties to even.</summary>
    /// <param name="pixels">An image in planes.</param>
    /// <param name="size">Its size; of <see cref="Channels"/> channels.</param>
    /// <param name="bfloat16Destination">Room for exactly one input of the network.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    /// <exception cref="DatasetException">The image is too small for a crop among the steps.</exception>
    public void Write(ReadOnlySpan<byte> pixels, ImageSize size, Span<ushort> bfloat16Destination)
    {
        Write(new KeptPicture(pixels, size), bfloat16Destination);
    }

    /// <summary>The picture that an input of the network shows: normalization undone, rounded to bytes, of the network's size.</summary>
    /// <param name="input">One input of the network, in planes.</param>
    /// <param name="pixels">Room for as many bytes.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    public void Invert(ReadOnlySpan<float> input, Span<byte> pixels)
    {
        if (input.Length != _target.Length || pixels.Length != _target.Length)
            throw new ArgumentException(
                $"Expected {_target.Length} values for an input of {_target}, got {input.Length} values and {pixels.Length} bytes.",
                nameof(input));
        for (int i = 0; i < input.Length; i++)
            pixels[i] = _normalizers[i / _target.PixelCount].Inverse(input[i]);
    }

    /// <summary>Checks that every image of a split can be made an input.</summary>
    /// <exception cref="DatasetException">One has the wrong channels or is too small for a crop among the steps.</exception>
    public void Check(Split split)
    {
        ArgumentNullException.ThrowIfNull(split);
        CheckChannels(split.Dataset.Channels, _target);
        HashSet<ImageSize> seen = [];
        foreach (int i in split.Indices)
            if (seen.Add(split.Dataset.SizeOf(i)))
                _ = Preprocessing.Steps.Infer(split.Dataset.SizeOf(i));
    }

    internal static void CheckChannels(int channels, ImageSize target)
    {
        if (channels != target.Channels && channels != 1)
        {
            throw new DatasetException(
                $"Images of {channels} channels do not fit a network's input of {target}: expected {target.Channels}. Use a network with " +
                $"{channels} input channels, or convert the images.");
        }
    }

    /// <summary>The input of a picture some of whose steps are done.</summary>
    internal void Write(KeptPicture kept, Span<float> destination) => Finish(Evaluated(kept), kept.Sampling, destination);

    /// <inheritdoc cref="Write(KeptPicture, Span{float})"/>
    internal void Write(KeptPicture kept, Span<ushort> bfloat16Destination) =>
        Finish(Evaluated(kept), kept.Sampling, bfloat16Destination);

    internal void Finish(Picture picture, PixelSampling? sampling, Span<float> destination) =>
        Finish<float, SingleRows>(picture, sampling, destination);

    internal void Finish(Picture picture, PixelSampling? sampling, Span<ushort> destination) =>
        Finish<ushort, BFloat16Rows>(picture, sampling, destination);

    internal void CheckImage(ReadOnlySpan<byte> pixels, ImageSize size)
    {
        if (size.Channels != Channels || !size.IsValid)
            throw new ArgumentException($"Expected an image of {Channels} channels and at least one pixel, got {size}.",
                nameof(size));
        if (pixels.Length != size.Length)
            throw new ArgumentException($"Expected {size.Length} bytes for an image of {size}, got {pixels.Length}.", nameof(pixels));
    }

    private Picture Evaluated(KeptPicture kept)
    {
        CheckImage(kept.Pixels, kept.Size);
        Picture picture = new(kept.Pixels, kept.Size.ForKernels, PictureScratch.OfThread);
        CounterRandom unused = default; // there is nothing random among the steps
        TransformKernels.Apply(Preprocessing.Steps, kept.StepsDone.., ref picture, ref unused, []);
        return picture;
    }

    private void Finish<T, TRows>(Picture picture, PixelSampling? sampling, Span<T> destination) where TRows : struct, IInputRows<T>
    {
        if (destination.Length != _target.Length)
        {
            throw new ArgumentException(
                $"Expected room for the {_target.Length} values of an input of {_target}, got {destination.Length}.", nameof(destination));
        }

        PictureSize size = picture.Size;
        PlaneResize? resize = sampling is not null ? PlaneResize.OfThread(sampling)
            : (size.Height, size.Width) == (_target.Height, _target.Width) ? null : PlaneResize.OfThread(size, _target.ForKernels);
        int sourcePlane = size.PixelCount, targetPlane = _target.PixelCount;
        for (int c = 0; c < _target.Channels; c++)
        {
            ReadOnlySpan<byte> plane = picture.Pixels.Slice(Math.Min(c, Channels - 1) * sourcePlane, sourcePlane);
            Span<T> output = destination.Slice(c * targetPlane, targetPlane);
            if (_repeatsFirst[c])
                destination[..targetPlane].CopyTo(output);
            else if (resize is not null)
                resize.Run<T, TRows>(plane, _normalizers[c].Table, output);
            else
                TRows.Normalize(_normalizers[c], plane, output);
        }
    }
}
