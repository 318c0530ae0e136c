using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Kernels;
using Convolve.Kernels.Pixels;
using Convolve.Tests.Data.Sets;

namespace Convolve.Tests.Data.Transforms;

/// <summary>Runs transforms on single images.</summary>
internal static class Pictures
{
    public static readonly byte[] Mean = [11, 22, 33];

    /// <summary>The image of a size by the rule of <see cref="TestData.Pixels"/>.</summary>
    public static byte[] Of(ImageSize size) => TestData.Pixels(size.Length);

    public static (byte[] Pixels, ImageSize Size) Apply(TransformList transforms, byte[] pixels, ImageSize size, uint sample = 0,
        ulong seed = 1)
    {
        byte[] before = [.. pixels];
        Picture picture = new(pixels, size.ForKernels, PictureScratch.OfThread);
        CounterRandom random = new(seed, RandomPurpose.Augmentation, 0, sample);
        TransformKernels.Apply(transforms, .., ref picture, ref random, Mean.AsSpan(0, size.Channels));
        Assert.Equal(before, pixels); // the set's own bytes are nobody's to change
        Assert.Equal(picture.Size.Length, picture.Pixels.Length);
        ImageSize made = ImageSize.Of(picture.Size);
        Assert.Equal(transforms.Infer(size), made);
        return (picture.Pixels.ToArray(), made);
    }

    /// <summary>Runs a kernel that replaces a picture.</summary>
    public static byte[] Run(byte[] pixels, ImageSize size, Kernel kernel)
    {
        Picture picture = new(pixels, size.ForKernels, PictureScratch.OfThread);
        kernel(ref picture);
        return picture.Pixels.ToArray();
    }

    public delegate void Kernel(ref Picture picture);
}
