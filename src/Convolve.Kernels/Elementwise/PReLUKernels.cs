using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Elementwise;

//     for each plane, each vector of its block, each pixel:  y = x > 0 ? x : slope x;  or  dx = x > 0 ? dy : slope dy, dslope += x dy
//
// x, y, dy, dx  [image][block][pixel][channel of the block]  float32 or bfloat16; with a block of 1, vectors run over the pixels
// slopes        [channel]  float32; sums [channel]  float64, of at most 256 vectors in float32
// Registers: the slope and the sum of its gradient. Bound: memory; every value is read and written once.

/// <summary>How the values of a learned slope are laid out.</summary>
/// <param name="Images">Images, or groups of images side by side, whose pixels then count as those of one.</param>
/// <param name="Channels">Slopes.</param>
/// <param name="Pixels">Of an image.</param>
/// <param name="Block">Channels side by side: 1 in row-major order, 8 or 16 in blocks, all of them of a vector or with channels
/// last.</param>
internal readonly record struct PReLUShape(int Images, int Channels, int Pixels, int Block)
{
    public int Blocks => (Channels + Block - 1) / Block;

    /// <summary>Slopes with those of the padding.</summary>
    public int Slopes => Blocks * Block;

    public int Planes => Images * Blocks;
}

/// <summary>x where x is above 0, slope x elsewhere, and its gradients.</summary>
internal static unsafe class PReLUKernels
{
    private const int Longest = 256;

    /// <summary>Some planes of the output.</summary>
    public static void Forward<TPixel, TVector>(
        in PReLUShape shape, byte* source, float* slopes, byte* target, int firstPlane, int endPlane)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector> =>
        Run<TPixel, TVector>(shape, source, null, slopes, target, null, firstPlane, endPlane);

    /// <summary>The gradient of some planes of the input, and their part of the slopes' gradients.</summary>
    /// <param name="shape">The values.</param>
    /// <param name="source">The input.</param>
    /// <param name="diff">The gradient of the output.</param>
    /// <param name="slopes">One for each channel.</param>
    /// <param name="target">Receives the gradient of the input; may be <paramref name="diff"/>.</param>
    /// <param name="sums">Receives the part of each slope's gradient, those of the padding included.</param>
    /// <param name="firstPlane">The first plane.</param>
    /// <param name="endPlane">The one behind the last.</param>
    public static void Backward<TPixel, TVector>(
        in PReLUShape shape, byte* source, byte* diff, float* slopes, byte* target, double* sums, int firstPlane, int endPlane)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        new Span<double>(sums, shape.Slopes).Clear();
        Run<TPixel, TVector>(shape, source, diff, slopes, target, sums, firstPlane, endPlane);
    }

    // bounds: strips cover pixels x block values of each plane; a vector that is not whole is copied to and from a buffer.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TPixel, TVector>(
        in PReLUShape shape, byte* source, byte* diff, float* slopes, byte* target, double* sums, int firstPlane, int endPlane)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int bytes = TPixel.Bytes / Pixel.Channels;
        float* own = stackalloc float[TVector.Count];
        for (int plane = firstPlane; plane < endPlane; plane++)
        {
            nint at = (nint)plane * shape.Pixels * shape.Block;
            int channel = plane % shape.Blocks * shape.Block;
            for (int j = 0; j < shape.Block; j += TVector.Count)
            {
                bool isRow = shape.Block == 1;
                int width = isRow ? TVector.Count : Math.Min(TVector.Count, shape.Block - j), lanes = isRow ? 1 : width;
                for (int i = 0; i < TVector.Count; i++)
                    own[i] = isRow ? slopes[channel] : i < width && channel + j + i < shape.Channels ? slopes[channel + j + i] : 0;
                TVector slope = TVector.Load(own);
                int step = isRow ? width : shape.Block, whole = isRow ? shape.Pixels / width : shape.Pixels,
                    rest = isRow ? shape.Pixels % width : 0;
                for (int first = 0; first < whole; first += Longest)
                {
                    nint from = (at + j + (nint)first * step) * bytes;
                    int count = Math.Min(Longest, whole - first);
                    TVector sum = Strip<TPixel, TVector>(source + from, diff + from, target + from, slope, count, step, width,
                        diff != null);
                    Add(sum, sums + channel + j, lanes, diff != null);
                }
                if (rest > 0)
                {
                    nint from = (at + (nint)whole * step) * bytes;
                    TVector sum = Strip<TPixel, TVector>(source + from, diff + from, target + from, slope, 1, step, rest, diff != null);
                    Add(sum, sums + channel + j, lanes, diff != null);
                }
            }
        }
    }

    /// <summary>Some vectors, all with the same slopes; returns the sums of their parts of the slopes' gradients.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TVector Strip<TPixel, TVector>(
        byte* source, byte* diff, byte* target, TVector slope, int count, int step, int width, bool isBack)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int bytes = TPixel.Bytes / Pixel.Channels;
        nint distance = (nint)step * bytes;
        TVector sum = TVector.Zero;
        if (width < TVector.Count)
        {
            byte* x = stackalloc byte[TVector.Count * sizeof(float)], d = stackalloc byte[TVector.Count * sizeof(float)];
            for (; count > 0; count--, source += distance, diff += distance, target += distance)
            {
                Copy(source, x, width * bytes, TVector.Count * bytes);
                if (isBack)
                    Copy(diff, d, width * bytes, TVector.Count * bytes);
                sum += One<TPixel, TVector>(x, d, x, slope, isBack);
                new ReadOnlySpan<byte>(x, width * bytes).CopyTo(new(target, width * bytes));
            }
            return sum;
        }
        if (isBack)
            for (; count > 0; count--, source += distance, diff += distance, target += distance)
                sum += One<TPixel, TVector>(source, diff, target, slope, isBack: true);
        else
            for (; count > 0; count--, source += distance, target += distance)
                One<TPixel, TVector>(source, null, target, slope, isBack: false);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector One<TPixel, TVector>(byte* source, byte* diff, byte* target, TVector slope, bool isBack)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        TVector x = TPixel.Load<TVector>(source), d = isBack ? TPixel.Load<TVector>(diff) : x;
        TPixel.Store(TVector.WhereGreater(x, TVector.Zero, d, d * slope), target);
        return isBack ? TVector.WhereGreater(x, TVector.Zero, TVector.Zero, x * d) : x;
    }

    // To as many sums as there are lanes; to one all of them.
    private static void Add<TVector>(TVector values, double* sums, int lanes, bool isBack) where TVector : unmanaged, IFloats<TVector>
    {
        if (!isBack)
            return;
        float* each = stackalloc float[TVector.Count];
        values.Store(each);
        for (int i = 0; i < TVector.Count; i++)
            if (lanes == 1 || i < lanes)
                sums[lanes == 1 ? 0 : i] += each[i];
    }

    private static void Copy(byte* from, byte* to, int bytes, int all)
    {
        new Span<byte>(to, all).Clear();
        new ReadOnlySpan<byte>(from, bytes).CopyTo(new(to, all));
    }
}
