using Convolve.Kernels;
using Convolve.Kernels.Pixels;

namespace Convolve.Data.Transforms;

/// <summary>
/// What each transform does to an image: draws its random numbers, always as many whatever the image shows, and moves the bytes.
/// </summary>
internal static class TransformKernels
{
    /// <param name="transforms">In order; those that mix batches are left out.</param>
    /// <param name="part">Which of them.</param>
    /// <param name="picture">The image.</param>
    /// <param name="random">The stream of the image.</param>
    /// <param name="mean">What <see cref="ErasedFill.Mean"/> is, a byte per channel.</param>
    public static void Apply(TransformList transforms, Range part, ref Picture picture, ref CounterRandom random, ReadOnlySpan<byte> mean)
    {
        (int first, int count) = part.GetOffsetAndLength(transforms.Count);
        for (int i = first; i < first + count; i++)
            Apply(transforms[i], ref picture, ref random, mean);
    }

    private static void Apply(Transform transform, ref Picture picture, ref CounterRandom random, ReadOnlySpan<byte> mean)
    {
        ImageSize size = ImageSize.Of(picture.Size);
        switch (transform)
        {
            case Resize t:
                Resized(ref picture, FrameSize.Of(t.Infer(size)), t.Antialias);
                break;
            case CenterCrop t:
                _ = t.Infer(size);
                PixelMoves.CropCenter(ref picture, t.Size.Height, t.Size.Width);
                break;
            case RandomCrop t:
                Crop(t, ref picture, size, ref random);
                break;
            case RandomResizedCrop t:
                (int Top, int Left, int Height, int Width) part = Draw(t, size, ref random);
                PixelMoves.Crop(ref picture, part.Top, part.Left, part.Height, part.Width);
                Resized(ref picture, t.Size, t.Antialias);
                break;
            case HorizontalFlip t:
                if (random.NextSingle() < t.Probability)
                    PixelMoves.Flip(ref picture);
                break;
            case Rotation t:
                PixelRotation.Turn(ref picture, Between(-t.Degrees, t.Degrees, ref random));
                break;
            case Translation t:
                int down = Distance(t.Fraction * size.Height, ref random), right = Distance(t.Fraction * size.Width, ref random);
                PixelMoves.Crop(ref picture, -down, -right, size.Height, size.Width);
                break;
            case ColorJitter t:
                Jitter(t, ref picture, ref random);
                break;
            case Lighting t:
                Light(t, ref picture, ref random);
                break;
            case Noise t:
                PixelNoise.Add(picture.Edit(), t.Std * 255, ref random);
                break;
            case RandomErasing t:
                Erase(t, ref picture, size, ref random, mean);
                break;
            case MixUp or CutMix:
                break;
            default:
                throw new NotSupportedException($"{transform} has no kernel.");
        }
    }

    /// <summary>The part of an image that a crop keeps: ten tries, then the largest middle part that the ratios allow.</summary>
    internal static (int Top, int Left, int Height, int Width) Draw(RandomResizedCrop t, ImageSize size, ref CounterRandom random)
    {
        double area = (double)size.Height * size.Width, least = Math.Log(t.Ratio.From), most = Math.Log(t.Ratio.To);
        for (int i = 0; i < 10; i++)
        {
            double part = area * Between(t.Scale.From, t.Scale.To, ref random), ratio = Math.Exp(Between(least, most, ref random));
            int width = (int)Math.Round(Math.Sqrt(part * ratio)), height = (int)Math.Round(Math.Sqrt(part / ratio));
            if (width > 0 && width <= size.Width && height > 0 && height <= size.Height)
                return (random.NextInt32(size.Height - height + 1), random.NextInt32(size.Width - width + 1), height, width);
        }

        double own = (double)size.Width / size.Height;
        int w = own > t.Ratio.To ? Math.Clamp((int)Math.Round(size.Height * (double)t.Ratio.To), 1, size.Width) : size.Width;
        int h = own < t.Ratio.From ? Math.Clamp((int)Math.Round(size.Width / (double)t.Ratio.From), 1, size.Height) : size.Height;
        return ((size.Height - h) / 2, (size.Width - w) / 2, h, w);
    }

    /// <summary>The part of an image that is erased; of no height where ten tries have not fitted.</summary>
    internal static (int Top, int Left, int Height, int Width) Draw(RandomErasing t, ImageSize size, ref CounterRandom random)
    {
        double area = (double)size.Height * size.Width, least = Math.Log(t.Ratio.From), most = Math.Log(t.Ratio.To);
        for (int i = 0; i < 10; i++)
        {
            double part = area * Between(t.Scale.From, t.Scale.To, ref random), ratio = Math.Exp(Between(least, most, ref random));
            int height = (int)Math.Round(Math.Sqrt(part * ratio)), width = (int)Math.Round(Math.Sqrt(part / ratio));
            if (height < size.Height && width < size.Width)
                return (random.NextInt32(size.Height - height + 1), random.NextInt32(size.Width - width + 1), height, width);
        }

        return default;
    }

    private static void Resized(ref Picture picture, FrameSize size, bool antialias)
    {
        if ((picture.Size.Height, picture.Size.Width) == (size.Height, size.Width))
            return;
        if (antialias)
            PixelResize.Antialiased(ref picture, size.Height, size.Width);
        else
            PlaneResize.Run(ref picture, size.Height, size.Width);
    }

    private static void Crop(RandomCrop t, ref Picture picture, ImageSize size, ref CounterRandom random)
    {
        _ = t.Infer(size);
        int top = random.NextInt32(size.Height + 2 * t.Padding - t.Size.Height + 1) - t.Padding;
        int left = random.NextInt32(size.Width + 2 * t.Padding - t.Size.Width + 1) - t.Padding;
        if (t.PaddingMode == PaddingMode.Reflect)
            PixelMoves.CropReflected(ref picture, top, left, t.Size.Height, t.Size.Width);
        else
            PixelMoves.Crop(ref picture, top, left, t.Size.Height, t.Size.Width);
    }

    private static void Jitter(ColorJitter t, ref Picture picture, ref CounterRandom random)
    {
        Span<int> order = [0, 1, 2, 3];
        random.Shuffle(order);
        float brightness = Factor(t.Brightness, ref random), contrast = Factor(t.Contrast, ref random);
        float saturation = Factor(t.Saturation, ref random), hue = (float)Between(-t.Hue, t.Hue, ref random);
        Span<byte> bytes = picture.Edit();
        foreach (int change in order)
        {
            switch (change)
            {
                case 0 when t.Brightness > 0:
                    PixelColors.Brightness(bytes, brightness);
                    break;
                case 1 when t.Contrast > 0:
                    PixelColors.Contrast(bytes, picture.Size.Channels, contrast);
                    break;
                case 2 when t.Saturation > 0:
                    PixelColors.Saturation(bytes, saturation);
                    break;
                case 3 when t.Hue > 0:
                    PixelColors.Hue(bytes, hue);
                    break;
            }
        }
    }

    private static void Light(Lighting t, ref Picture picture, ref CounterRandom random)
    {
        ColorComponents colors = t.Components
            ?? throw new InvalidOperationException("The colors of lighting have not been computed: call TransformList.Fit.");
        float a = t.Std * random.NextNormal(), b = t.Std * random.NextNormal(), c = t.Std * random.NextNormal();
        Span<byte> bytes = picture.Edit();
        int plane = picture.Size.PixelCount;
        for (int channel = 0; channel < 3; channel++)
            PixelColors.Shift(bytes.Slice(channel * plane, plane),
                255 * (a * colors[0, channel] + b * colors[1, channel] + c * colors[2, channel]));
    }

    private static void Erase(RandomErasing t, ref Picture picture, ImageSize size, ref CounterRandom random, ReadOnlySpan<byte> mean)
    {
        if (random.NextSingle() >= t.Probability)
            return;
        (int Top, int Left, int Height, int Width) part = Draw(t, size, ref random);
        ReadOnlySpan<byte> fill = t.Fill switch { ErasedFill.Random => [], ErasedFill.Zero => stackalloc byte[mean.Length], _ => mean };
        PixelNoise.Fill(picture.Edit(), picture.Size, part, fill, ref random);
    }

    private static double Between(double from, double to, ref CounterRandom random) => from + (to - from) * random.NextSingle();

    private static float Factor(float strength, ref CounterRandom random) =>
        (float)Between(Math.Max(0, 1 - strength), 1 + strength, ref random);

    // torchvision rounds a uniform number between the farthest ways.
    private static int Distance(float farthest, ref CounterRandom random) => (int)Math.Round(Between(-farthest, farthest, ref random));
}
