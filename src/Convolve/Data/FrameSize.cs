using System.Globalization;

namespace Convolve.Data;

/// <summary>Height and width in pixels; a number alone means both.</summary>
internal readonly record struct FrameSize(int Height, int Width)
{
    public static implicit operator FrameSize(int both) => new(both, both);

    /// <summary>Height and width of an image.</summary>
    public static FrameSize Of(ImageSize image) => new(image.Height, image.Width);

    /// <summary>An image of this height and width.</summary>
    public ImageSize With(int channels) => new(channels, Height, Width);

    /// <summary><c>64</c>, or <c>64x48</c> where height and width differ.</summary>
    public override string ToString() => Height == Width ? Height.ToString(CultureInfo.InvariantCulture) : Exact;

    internal string Exact => string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}");

    internal FrameSize Checked(string owner) => Height >= 1 && Width >= 1 && (long)Height * Width <= int.MaxValue / 4 ? this
        : throw new DatasetException(
        $"{owner}: a size of {Exact} is invalid. Height and width must be at least 1, and their product at most {int.MaxValue / 4}.");
}

/// <summary>All numbers between two, both included.</summary>
internal readonly record struct NumberRange(float From, float To)
{
    /// <summary>As in <c>0.08..1</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From:R}..{To:R}");
}
