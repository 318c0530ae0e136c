using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Vectors;

namespace Convolve.Bench;

/// <summary>The speed of each size of register tile on one thread, beside a loop of nothing but multiply-adds.</summary>
/// <remarks>A tile whose sums no longer stay in registers falls from most of the peak to a fifth of it.</remarks>
internal static unsafe class TileTable
{
    private const int Bytes = 1 << 20, Taps = 25, Columns = 24, Rows = 6, PeakSteps = 2000, PeakSums = 10;

    public static void Print(Arguments arguments, TextWriter output)
    {
        int rounds = arguments.Count("--rounds", 200);
        string[]? only = arguments.Text("--only")?.Split(',');
        arguments.End();
        output.WriteLine($"{(Interleaving.IsWide ? 512 : Floats8.RegisterBits)} bits, 1 thread; medians of {rounds} rounds");
        byte* memory = (byte*)NativeMemory.AlignedAlloc(3 * Bytes, Interleaving.VectorBytes);
        new Span<byte>(memory, 3 * Bytes).Clear();
        for (int filters = 1; filters <= 8; filters++)
            for (int columns = 1; columns <= 8; columns++)
                if (only is null || only.Contains($"{filters}x{columns}"))
                    PrintSize(filters, columns, memory, rounds, output);
        NativeMemory.AlignedFree(memory);
    }

    private static void PrintSize(int filters, int columns, byte* memory, int rounds, TextWriter output)
    {
        nint* offsets = stackalloc nint[Taps];
        for (int tap = 0; tap < Taps; tap++)
            offsets[tap] = (tap / 5 * 32 + tap % 5) * Interleaving.VectorBytes;
        if (CorrelationTile.Exists(filters, columns))
        {
            CorrelationTile tile = new()
            {
                Input = memory,
                Offsets = offsets,
                Weights = (float*)(memory + Bytes),
                Bias = (float*)(memory + Bytes),
                Output = memory + 2 * Bytes,
                Tiles = Columns / columns,
                Runs = 1,
                RunTaps = Taps,
                InColumnStep = Interleaving.VectorBytes,
                OutColumnStep = Interleaving.VectorBytes,
                OutPlane = Columns * Interleaving.VectorBytes,
            };
            CorrelationTile* at = &tile;
            Report("output", filters, columns, tile.Tiles * Taps, () => CorrelationTile.Run<Identity>(at, filters, columns), rounds,
                output);
        }
        if (GradientTile.Exists(filters, columns))
        {
            GradientTile tile = new()
            {
                Diff = memory + Bytes,
                DiffPlane = Rows * Columns * Interleaving.VectorBytes,
                DiffRow = Columns * Interleaving.VectorBytes,
                Input = memory,
                Offsets = offsets,
                InRow = 32 * Interleaving.VectorBytes,
                InColumnStep = Interleaving.VectorBytes,
                Rows = Rows,
                Columns = Columns,
                Sums = memory + 2 * Bytes,
                SumPitch = columns * Interleaving.VectorBytes,
            };
            GradientTile* at = &tile;
            Report("gradient", filters, columns, Rows * Columns, () => GradientTile.Run(at, filters, columns), rounds, output);
        }
    }

    private static void Report(string kind, int filters, int columns, int steps, Action run, int rounds, TextWriter output)
    {
        Action peak = Interleaving.IsWide ? Peak<Floats16> : Peak<Floats8>;
        // The methods that choose the size are compiled again after some calls.
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalMilliseconds < 250;)
            run();
        double[] times = new double[rounds], peakTimes = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            times[round] = Time(run, 10);
            peakTimes[round] = Time(peak, 1);
        }
        double speed = 2.0 * Interleaving.Width * filters * columns * steps / Median(times);
        double most = 2.0 * Interleaving.Width * PeakSums * PeakSteps / Median(peakTimes);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{kind,-8} {filters}x{columns} {speed,6:F1} GFLOP/s, {100 * speed / most,3:F0} % of {most:F1}"));
    }

    private static double Time(Action action, int times)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++)
            action();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / times;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    // As many chains as hide the latency, and no more than 16 registers hold.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Peak<T>() where T : unmanaged, IFloats<T>
    {
        T a = T.Zero, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, x = T.Create(0.5f);
        for (int step = PeakSteps * (Interleaving.Width / T.Count); step > 0; step--)
        {
            a = T.FusedMultiplyAdd(x, x, a);
            b = T.FusedMultiplyAdd(x, x, b);
            c = T.FusedMultiplyAdd(x, x, c);
            d = T.FusedMultiplyAdd(x, x, d);
            e = T.FusedMultiplyAdd(x, x, e);
            f = T.FusedMultiplyAdd(x, x, f);
            g = T.FusedMultiplyAdd(x, x, g);
            h = T.FusedMultiplyAdd(x, x, h);
            i = T.FusedMultiplyAdd(x, x, i);
            j = T.FusedMultiplyAdd(x, x, j);
        }
        T sum = a + b + (c + d) + (e + f + (g + h)) + (i + j);
        byte* sink = stackalloc byte[Interleaving.VectorBytes];
        sum.Store(sink);
    }
}
