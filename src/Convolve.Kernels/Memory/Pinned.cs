namespace Convolve.Kernels.Memory;

/// <summary>Memory of a caller that stays where it is, so that another thread can work on it while the caller waits.</summary>
/// <param name="address">Where it begins.</param>
/// <param name="count">Its elements.</param>
internal readonly unsafe struct Pinned<T>(nint address, int count) where T : unmanaged
{
    public Span<T> Span => new((void*)address, count);
}

/// <summary>Pins memory for the time of a call.</summary>
internal static unsafe class Pinned
{
    public static void Run<TFirst, TSecond>(ReadOnlySpan<TFirst> first, ReadOnlySpan<TSecond> second,
        Action<Pinned<TFirst>, Pinned<TSecond>> action) where TFirst : unmanaged where TSecond : unmanaged
    {
        fixed (TFirst* one = first)
        fixed (TSecond* two = second)
            action(new((nint)one, first.Length), new((nint)two, second.Length));
    }
}
