using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Managed;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Testing.Software;

namespace Convolve.Kernels.Tests.Managed;

/// <summary>
/// Runs an operation on own kernels and in plain loops of float64, from the same numbers, and compares every result, the padding of blocks
/// included. What is written begins as junk, and so does the scratchpad.
/// </summary>
internal static class OperationRunner
{
    private const byte Junk = 0xA5;

    private static readonly ManagedKernels Library = new();

    public static KernelDescription Describe(Operation operation, int threads = 2)
    {
        KernelDescription? description = null;
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(threads);
            description = Library.Describe(operation);
        });
        Assert.NotNull(description);
        return description!;
    }

    /// <summary>Compares all that the operation writes.</summary>
    /// <param name="operation">What to run.</param>
    /// <param name="reads">What it reads; the rest it writes.</param>
    /// <param name="tolerance">Of the largest error, relative to the root of the mean square.</param>
    /// <param name="threads">Of the team.</param>
    /// <param name="given">Tensors that stand already, such as a workspace.</param>
    /// <returns>What was written, to be disposed.</returns>
    public static Dictionary<Argument, NativeBuffer> Run(Operation operation, Argument[] reads, double tolerance, int threads = 2,
        Dictionary<Argument, NativeBuffer>? given = null)
    {
        Dictionary<Argument, NativeBuffer> own = [], plain = [];
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(threads);
            KernelDescription description = Library.Describe(operation)!;
            using Kernel kernel = Library.Compile(operation, "test"), judge = new SoftwareKernel(operation);
            uint seed = 1;
            foreach ((Argument argument, Layout layout) in description.Layouts)
            {
                if (given?.GetValueOrDefault(argument) is { } standing)
                    own[argument] = plain[argument] = standing;
                else
                {
                    own[argument] = new(layout.Bytes, "own");
                    plain[argument] = new(layout.Bytes, "plain");
                    if (reads.Contains(argument))
                    {
                        Numbers(layout, seed++).Write(layout, own[argument], 0);
                        own[argument].CopyTo(plain[argument]);
                    }
                    else
                    {
                        own[argument].Span<byte>(0, (int)layout.Bytes).Fill(Junk);
                    }
                }
                kernel.Bind(argument, layout, own[argument], 0);
                if (argument != Argument.Workspace)
                    judge.Bind(argument, layout, plain[argument], 0);
            }
            using NativeBuffer scratchpad = new(description.ScratchpadBytes, "scratchpad");
            scratchpad.Span<byte>(0, (int)scratchpad.Bytes).Fill(Junk);
            kernel.BindScratchpad(scratchpad, 0, scratchpad.Bytes);
            kernel.Execute();
            kernel.Execute(); // again, over its own results
            if (operation is not PoolingBackward { Forward.Kind: PoolingKind.Max })
            {
                judge.Execute();
                foreach ((Argument argument, Layout layout) in description.Layouts)
                    if (!reads.Contains(argument) && argument != Argument.Workspace)
                        Compare($"{argument} of {operation}", layout, own[argument], plain[argument], tolerance);
            }
            foreach ((Argument argument, NativeBuffer buffer) in plain)
                if (own[argument] != buffer)
                    buffer.Dispose();
        });
        return own;
    }

    /// <summary>Seeded numbers in [-1, 1) that bfloat16 holds exactly.</summary>
    public static SoftwareTensor Numbers(Layout layout, uint seed)
    {
        SoftwareTensor tensor = SoftwareTensor.Zeros(layout);
        uint state = seed * 2654435769u + 12345;
        for (int i = 0; i < tensor.Values.Length; i++)
        {
            state = state * 1664525 + 1013904223;
            tensor.Values[i] = ((int)(state >> 25) - 64) / 64.0;
        }
        return tensor;
    }

    private static void Compare(string what, Layout layout, NativeBuffer own, NativeBuffer plain, double tolerance)
    {
        double[] actual = SoftwareTensor.Read(layout, own, 0).Values, expected = SoftwareTensor.Read(layout, plain, 0).Values;
        double scale = Math.Sqrt(expected.Sum(v => v * v) / expected.Length) + 1e-30, worst = 0;
        for (int i = 0; i < actual.Length; i++)
            worst = Math.Max(worst, double.IsNaN(actual[i]) ? double.PositiveInfinity : Math.Abs(actual[i] - expected[i]));
        Assert.True(worst <= tolerance * scale, $"{what}: {worst / scale:E2} is above {tolerance:E2}");
        RequireZeroPadding(what, layout, own);
    }

    // Of what fills up blocks every byte is 0: the reference writes the elements alone into zeroed memory.
    private static void RequireZeroPadding(string what, Layout layout, NativeBuffer own)
    {
        using NativeBuffer elements = new(layout.Bytes, "elements");
        SoftwareTensor.Read(layout, own, 0).Write(layout, elements, 0);
        Assert.True(elements.Span<byte>(0, (int)layout.Bytes).SequenceEqual(own.Span<byte>(0, (int)layout.Bytes)),
            $"{what}: the padding of {layout} is not 0");
    }
}
