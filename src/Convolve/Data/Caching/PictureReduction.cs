using System.Collections.Concurrent;
using System.Globalization;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Kernels;
using Convolve.Kernels.Pixels;

namespace Convolve.Data.Caching;

/// <summary>
/// What is kept of a decoded picture: all that its transforms can ask for, and no more. The network's input has the same bits with it as
/// with the whole picture.
/// </summary>
/// <remarks>
/// <para>Resizes at the front of the transforms are done: what they make is kept. Where nothing follows but the resize of the pipeline, and
/// flips before it, the rows and columns that this looks at are kept (<see cref="PixelSampling"/>). Everything else needs the whole
/// picture.</para>
/// <para>Safe to use from several threads at once.</para>
/// </remarks>
internal sealed class PictureReduction
{
    // To keep nearly all rows and columns of a picture would save little.
    private const double MostSampled = 0.75;

    private readonly TransformList _steps;
    private readonly ImageSize _target;
    private readonly bool _isSampled, _isMirrored;
    private readonly ConcurrentDictionary<ImageSize, Kept> _kept = new();

    /// <summary>The size of what is kept, and which pixels it has; null for all.</summary>
    private sealed record Kept(ImageSize Size, PixelSampling? Sampling);

    /// <param name="steps">What is done to every picture: the transforms of a recipe, or the steps of its evaluation.</param>
    /// <param name="target">The network's input.</param>
    public PictureReduction(TransformList steps, ImageSize target)
    {
        (_steps, _target) = (steps, target);
        StepsDone = steps.TakeWhile(t => t is Resize).Count();
        Transform[] rest = [.. steps.Skip(StepsDone).Where(t => !t.MixesBatch)];
        _isMirrored = rest.Length > 0;
        _isSampled = rest.All(t => t is HorizontalFlip);
    }

    /// <summary>How many of the steps what is kept has been through.</summary>
    public int StepsDone { get; }

    /// <summary>What distinguishes this reduction from others of the same picture, for names of files.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture,
        $"{string.Join(',', _steps.Take(StepsDone))};{(_isSampled ? FrameSize.Of(_target).Exact : "whole")};{(_isMirrored ? 2 : 1)}");

    /// <summary>The bytes that are kept of a picture.</summary>
    /// <param name="picture">Its size.</param>
    public int LengthOf(ImageSize picture) => KeptOf(picture).Size.Length;

    /// <summary>Reduces a picture.</summary>
    /// <param name="pixels">In planes.</param>
    /// <param name="size">Its size.</param>
    /// <param name="kept">Room for <see cref="LengthOf"/> bytes.</param>
    public void Reduce(ReadOnlySpan<byte> pixels, ImageSize size, Span<byte> kept)
    {
        Picture picture = new(pixels, size.ForKernels, PictureScratch.OfThread);
        CounterRandom unused = default; // resizes aren't random
        TransformKernels.Apply(_steps, ..StepsDone, ref picture, ref unused, []);
        if (KeptOf(size).Sampling is { } sampling)
            sampling.Gather(picture.Pixels, kept);
        else
            picture.Pixels.CopyTo(kept);
    }

    /// <summary>What is kept of a picture, for the rest of the steps.</summary>
    /// <param name="kept">Its bytes.</param>
    /// <param name="picture">The size of the whole picture.</param>
    public KeptPicture Of(ReadOnlySpan<byte> kept, ImageSize picture)
    {
        Kept form = KeptOf(picture);
        return new(kept, form.Size) { StepsDone = StepsDone, Sampling = form.Sampling };
    }

    private Kept KeptOf(ImageSize picture) => _kept.GetOrAdd(picture, static (size, reduction) => reduction.Form(size), this);

    private Kept Form(ImageSize picture)
    {
        ImageSize size = _steps.Take(StepsDone).Aggregate(picture, (image, step) => step.Infer(image));
        if (!_isSampled || FrameSize.Of(size) == FrameSize.Of(_target))
            return new(size, null);
        PixelSampling sampling = new(size.ForKernels, _target.ForKernels, _isMirrored);
        return sampling.Kept.Length < MostSampled * size.Length ? new(ImageSize.Of(sampling.Kept), sampling) : new(size, null);
    }
}
