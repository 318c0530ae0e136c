using System.Runtime.CompilerServices;

namespace Convolve.Kernels.Vectors;

internal static class Pixel
{
    /// <summary>Of a block.</summary>
    public const int Channels = 16;

    /// <summary>The blocks that hold this many channels, or filters, or units.</summary>
    public static int Blocks(int channels) => (channels + Channels - 1) / Channels;

    /// <summary>The bytes of as many channels as a vector holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes<TPixel, TVector>() where TPixel : struct, IPixel
        where TVector : unmanaged, IFloats<TVector> => TPixel.Bytes / Channels * TVector.Count;
}

/// <summary>The 16 channels of a pixel, as they are stored in memory.</summary>
internal unsafe interface IPixel
{
    static abstract int Bytes { get; }

    /// <summary>As many channels as the vector holds.</summary>
    static abstract T Load<T>(byte* from) where T : unmanaged, IFloats<T>;

    static abstract void Store<T>(T value, byte* to) where T : unmanaged, IFloats<T>;

    /// <summary>
    /// Two neighboring pixels, all of their channels; past the caches where <paramref name="isStreamed"/>, and then aligned to a pixel.
    /// </summary>
    static abstract void StoreTwo<T>(T left, T right, byte* to, bool isStreamed) where T : unmanaged, IFloats<T>;
}

internal readonly unsafe struct SinglePixel : IPixel
{
    public static int Bytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* from) where T : unmanaged, IFloats<T> => T.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(T value, byte* to) where T : unmanaged, IFloats<T> => value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTwo<T>(T left, T right, byte* to, bool isStreamed) where T : unmanaged, IFloats<T>
    {
        if (isStreamed)
        {
            left.StoreNonTemporal(to);
            right.StoreNonTemporal(to + Bytes);
            return;
        }
        left.Store(to);
        right.Store(to + Bytes);
    }
}

internal readonly unsafe struct BFloat16Pixel : IPixel
{
    public static int Bytes => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* from) where T : unmanaged, IFloats<T> => T.LoadBFloat16(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(T value, byte* to) where T : unmanaged, IFloats<T> => value.StoreBFloat16(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTwo<T>(T left, T right, byte* to, bool isStreamed) where T : unmanaged, IFloats<T> =>
        T.StoreBFloat16(left, right, to, isStreamed);
}

/// <summary>Numbers with their signs turned, so that what looks for the largest finds the smallest.</summary>
internal readonly unsafe struct NegatedPixel<TPixel> : IPixel where TPixel : struct, IPixel
{
    public static int Bytes => TPixel.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* from) where T : unmanaged, IFloats<T> => -TPixel.Load<T>(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(T value, byte* to) where T : unmanaged, IFloats<T> => TPixel.Store(-value, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTwo<T>(T left, T right, byte* to, bool isStreamed) where T : unmanaged, IFloats<T> =>
        TPixel.StoreTwo(-left, -right, to, isStreamed);
}
