using Convolve.Planning;

namespace Convolve.Profiling;

/// <summary>What a step can't be faster than.</summary>
/// <param name="Seconds">At least.</param>
/// <param name="IsCompute">Whether the multiply-add units set it; else moving the bytes does.</param>
internal readonly record struct Floor(double Seconds, bool IsCompute);

/// <summary>The roofline model: work is bound by computing, or by moving its data.</summary>
/// <remarks>
/// Source: Williams, Waterman, Patterson 2009. The roof over a step is that of the fastest memory that has room for all that it moves: the
/// step before may have left it there.
/// </remarks>
internal static class Roofline
{
    /// <summary>FLOPs each second at an intensity under a roof.</summary>
    /// <param name="flopsPerByte">The intensity.</param>
    /// <param name="flopsPerSecond">The flat part.</param>
    /// <param name="bytesPerSecond">The slope.</param>
    public static double Attainable(double flopsPerByte, double flopsPerSecond, double bytesPerSecond) =>
        Math.Min(flopsPerSecond, flopsPerByte * bytesPerSecond);

    /// <summary>The least time of some work.</summary>
    public static Floor FloorOf(in StepWork work, Ceilings ceilings)
    {
        double compute = work.Flops / ceilings.FlopsPerSecond(work.IsBFloat16 ? Precision.BFloat16 : Precision.Float32);
        double move = work.Bytes / ceilings.BytesPerSecond(work.Bytes);
        return new(Math.Max(compute, move), compute >= move);
    }
}
