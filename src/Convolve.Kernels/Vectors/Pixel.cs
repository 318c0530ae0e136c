using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Vectors;

internal static class Pixel
{
    /// <summary>Of a block.</summary>
    public const int Channels = 16;

    /// <summary>The bytes of as many channels as a vector holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes<TPixel, TVector>() where TPixel : struct, IPixel
        where TVector : unmanaged, IFloats<TVector> => TPixel.Bytes / Channels * TVector.Count;
}

/// <summary>The 16 channels of a pixel, as they lie in memory.</summary>
internal unsafe interface IPixel
{
    static abstract int Bytes { get; }

    static abstract Vector512<float> Load(byte* from);

    static abstract void Store(Vector512<float> value, byte* to);

    /// <summary>As many channels as the vector holds.</summary>
    static abstract T Load<T>(byte* from) where T : unmanaged, IFloats<T>;

    static abstract void Store<T>(T value, byte* to) where T : unmanaged, IFloats<T>;
}

internal readonly unsafe struct SinglePixel : IPixel
{
    public static int Bytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* from) => Vector512.Load((float*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, byte* to) => Vector512.Store(value, (float*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* from) where T : unmanaged, IFloats<T> => T.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(T value, byte* to) where T : unmanaged, IFloats<T> => value.Store(to);
}

internal readonly unsafe struct BFloat16Pixel : IPixel
{
    public static int Bytes => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* from) => BFloat16.Widen(Vector256.Load((ushort*)from)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, byte* to) => Vector256.Store(BFloat16.Narrow(value), (ushort*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* from) where T : unmanaged, IFloats<T> => T.LoadBFloat16(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(T value, byte* to) where T : unmanaged, IFloats<T> => value.StoreBFloat16(to);
}

/// <summary>Numbers with their signs turned, so that what looks for the largest finds the smallest.</summary>
internal readonly unsafe struct NegatedPixel<TPixel> : IPixel where TPixel : struct, IPixel
{
    public static int Bytes => TPixel.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* from) => -TPixel.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, byte* to) => TPixel.Store(-value, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* from) where T : unmanaged, IFloats<T> => -TPixel.Load<T>(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(T value, byte* to) where T : unmanaged, IFloats<T> => TPixel.Store(-value, to);
}
