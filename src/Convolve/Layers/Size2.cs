using System.Globalization;

namespace Convolve.Layers;

/// <summary>A height and a width, height first; one number means both.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public readonly record struct Size2(int Height, int Width)
{
    /// <summary>The same height and width.</summary>
    public static implicit operator Size2(int both) => new(both, both);

    /// <summary>A height and a width.</summary>
    public static implicit operator Size2((int Height, int Width) size) => new(size.Height, size.Width);

    /// <summary>"3", or "(3, 5)" where they differ.</summary>
    public override string ToString() =>
        Height == Width ? Height.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"({Height}, {Width})");

    internal bool AtLeast(int smallest) => Height >= smallest && Width >= smallest;
}

/// <summary>Zero padding around an image: a number, a pair (height, width), or <see cref="Same"/>.</summary>
public readonly record struct Padding
{
    private Padding(Size2 size, bool isSame) => (Size, IsSame) = (size, isSame);

    /// <summary>Rows on top and at the bottom, columns left and right; 0 for <see cref="Same"/>.</summary>
    public Size2 Size { get; }

    /// <summary>Whether the padding follows from the input, so that the output is ceil(input / stride) large.</summary>
    public bool IsSame { get; }

    /// <summary>Output = ceil(input / stride); an odd rest goes to the bottom and the right, as in Keras and TensorFlow.</summary>
    public static Padding Same { get; } = new(0, true);

    /// <summary>As many rows as columns.</summary>
    public static implicit operator Padding(int both) => new(both, false);

    /// <summary>Rows, then columns.</summary>
    public static implicit operator Padding((int Height, int Width) size) => new(size, false);

    /// <summary>Rows, then columns.</summary>
    public static implicit operator Padding(Size2 size) => new(size, false);

    public override string ToString() => IsSame ? "Same" : Size.ToString();
}

/// <summary>How a window of one axis of each direction walks over its input: sizes with the padding resolved.</summary>
/// <param name="Output">The output's height and width.</param>
/// <param name="Before">Rows of zeros on top and columns left.</param>
/// <param name="After">Rows of zeros at the bottom and columns right.</param>
public readonly record struct Window(Size2 Output, Size2 Before, Size2 After)
{
    /// <summary>Walks a kernel over an image: out = floor((in + before + after - dilation x (kernel - 1) - 1) / stride) + 1.</summary>
    internal static Window Over(Layer layer, Shape input, Size2 kernel, Size2 stride, Padding padding, Size2 dilation)
    {
        var (top, bottom) = Resolve(input.Height, kernel.Height, stride.Height, padding.Size.Height, dilation.Height, padding.IsSame);
        var (left, right) = Resolve(input.Width, kernel.Width, stride.Width, padding.Size.Width, dilation.Width, padding.IsSame);
        long reachH = Reach(kernel.Height, dilation.Height), reachW = Reach(kernel.Width, dilation.Width);
        long spareH = (long)input.Height + top + bottom - reachH, spareW = (long)input.Width + left + right - reachW;
        if (spareH < 0 || spareW < 0)
            throw layer.Wrong($"a window of {reachH}x{reachW} does not fit its {input} input",
                "Use larger images, a smaller kernel or more padding");
        return new(checked(((int)(spareH / stride.Height + 1), (int)(spareW / stride.Width + 1))), (top, left), (bottom, right));
    }

    private static long Reach(int kernel, int dilation) => (long)dilation * (kernel - 1) + 1;

    private static (int Before, int After) Resolve(int input, int kernel, int stride, int padding, int dilation, bool same)
    {
        if (!same)
            return (padding, padding);
        long output = ((long)input + stride - 1) / stride;
        int total = checked((int)Math.Max(0, (output - 1) * stride + Reach(kernel, dilation) - input));
        return (total / 2, total - total / 2);
    }
}
