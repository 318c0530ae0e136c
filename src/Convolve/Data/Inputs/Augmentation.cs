using Convolve.Data.Transforms;
using Convolve.Kernels;
using Convolve.Kernels.Pixels;

namespace Convolve.Data.Inputs;

/// <summary>Turns the bytes of training images into inputs of a network by the transforms of a recipe.</summary>
/// <remarks>
/// What happens to an image is a function of seed, epoch and sample alone. Safe to use from several threads at once. After a thread has met
/// its largest image, no call allocates.
/// </remarks>
internal sealed class Augmentation
{
    private readonly ImagePipeline _pipeline;
    private readonly ulong _seed;
    private readonly byte[] _mean;

    /// <param name="transforms">What is done, as <see cref="TransformList.For"/> and <see cref="TransformList.Fit"/> give it.</param>
    /// <param name="pipeline">What finishes: the network's size and the normalization.</param>
    /// <param name="seed">The run's seed.</param>
    public Augmentation(TransformList transforms, ImagePipeline pipeline, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        ArgumentNullException.ThrowIfNull(pipeline);
        (Transforms, _pipeline, _seed) = (transforms, pipeline, seed);
        _mean = [.. pipeline.Preprocessing.Mean.Take(pipeline.Channels).Select(m => (byte)Math.Clamp(Math.Round(m * 255), 0, 255))];
    }

    /// <summary>What is done.</summary>
    public TransformList Transforms { get; }

    /// <summary>The input of one image as float32.</summary>
    /// <param name="pixels">An image in planes.</param>
    /// <param name="size">Its size.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="sample">The image's number in its set.</param>
    /// <param name="destination">Room for exactly one input of the network.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    /// <exception cref="DatasetException">A transform cannot take the image.</exception>
    public void Write(ReadOnlySpan<byte> pixels, ImageSize size, int epoch, int sample, Span<float> destination)
    {
        Write(new KeptPicture(pixels, size), epoch, sample, destination);
    }

    /// <summary>The input of one image as the bits of bfloat16; see the other one.</summary>
    public void Write(ReadOnlySpan<byte> pixels, ImageSize size, int epoch, int sample, Span<ushort> bfloat16Destination)
    {
        Write(new KeptPicture(pixels, size), epoch, sample, bfloat16Destination);
    }

    /// <summary>The input of a picture some of whose steps are done.</summary>
    internal void Write(KeptPicture kept, int epoch, int sample, Span<float> destination) =>
        _pipeline.Finish(Transformed(kept, epoch, sample), kept.Sampling, destination);

    /// <inheritdoc cref="Write(KeptPicture, int, int, Span{float})"/>
    internal void Write(KeptPicture kept, int epoch, int sample, Span<ushort> bfloat16Destination) =>
        _pipeline.Finish(Transformed(kept, epoch, sample), kept.Sampling, bfloat16Destination);

    private Picture Transformed(KeptPicture kept, int epoch, int sample)
    {
        _pipeline.CheckImage(kept.Pixels, kept.Size);
        Picture picture = new(kept.Pixels, kept.Size.ForKernels, PictureScratch.OfThread);
        CounterRandom random = new(_seed, RandomPurpose.Augmentation, (uint)epoch, (uint)sample);
        TransformKernels.Apply(Transforms, kept.StepsDone.., ref picture, ref random, _mean);
        return picture;
    }
}
