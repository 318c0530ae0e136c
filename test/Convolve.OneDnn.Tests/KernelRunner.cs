using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;

namespace Convolve.OneDnn.Tests;

/// <summary>
/// Runs one operation on plain float32 numbers: describes, compiles, brings every input to the layout asked for, executes, brings the
/// results back.
/// </summary>
internal static class KernelRunner
{
    private const byte Junk = 0xA5;

    private static IKernelLibrary Library => KernelLibrary.Current;

    /// <summary>Runs an operation. What is not among the inputs is an output, and begins as junk.</summary>
    public static Dictionary<Argument, float[]> Run(Operation operation, Dictionary<Argument, float[]> inputs, Dictionary<Argument,
        NativeBuffer>? keep = null)
    {
        Dictionary<Argument, float[]> results = [];
        ThreadTeam.Invoke(() =>
        {
            KernelDescription description = Library.Describe(operation)!;
            Assert.NotNull(description);
            Assert.NotEmpty(description.Implementation);
            using Kernel kernel = Library.Compile(operation, "test");
            Dictionary<Argument, NativeBuffer> buffers = [];
            foreach ((Argument argument, Layout layout) in description.Layouts)
            {
                NativeBuffer buffer = keep?.GetValueOrDefault(argument) ?? new(layout.Bytes, argument.ToString());
                buffers[argument] = buffer;
                if (inputs.TryGetValue(argument, out float[]? values))
                    Write(layout, values, buffer);
                else if (keep?.ContainsKey(argument) != true)
                    buffer.Span<byte>(0, (int)buffer.Bytes).Fill(Junk);
                kernel.Bind(argument, layout, buffer, 0);
            }
            using NativeBuffer scratchpad = new(description.ScratchpadBytes, "scratchpad");
            scratchpad.Span<byte>(0, (int)scratchpad.Bytes).Fill(Junk);
            kernel.BindScratchpad(scratchpad, 0, scratchpad.Bytes);
            kernel.Execute();
            foreach ((Argument argument, Layout layout) in description.Layouts)
            {
                if (argument == Argument.Workspace)
                {
                    if (keep is not null)
                        keep[argument] = buffers[argument];
                    continue;
                }
                if (!inputs.ContainsKey(argument))
                    results[argument] = Read(layout, buffers[argument]);
                buffers[argument].Dispose();
            }
        });
        return results;
    }

    /// <summary>A layout with the channels in blocks of 16, as the library likes it for convolutions.</summary>
    public static Layout Blocked(long n, long c, long h, long w) => Layout.Blocked(ElementType.Float32, 16, n, c, h, w);

    /// <summary>Seeded numbers in [-1, 1), multiples of 1/64 so that bfloat16 and sums are exact.</summary>
    public static float[] Numbers(int count, uint seed)
    {
        float[] values = new float[count];
        uint state = seed * 2654435769u + 12345;
        for (int i = 0; i < count; i++)
        {
            state = state * 1664525 + 1013904223;
            values[i] = ((int)(state >> 25) - 64) / 64f;
        }
        return values;
    }

    private static void Write(Layout layout, float[] values, NativeBuffer target)
    {
        Layout plain = Layout.Plain(ElementType.Float32, [.. layout.Sizes]);
        using NativeBuffer source = new(plain.Bytes, "plain");
        values.CopyTo(source.Span<float>(0, values.Length));
        Copy(plain, source, layout, target);
    }

    private static float[] Read(Layout layout, NativeBuffer source)
    {
        Layout plain = Layout.Plain(ElementType.Float32, [.. layout.Sizes]);
        using NativeBuffer target = new(plain.Bytes, "plain");
        Copy(layout, source, plain, target);
        return target.Span<float>(0, (int)(plain.Bytes / sizeof(float))).ToArray();
    }

    private static void Copy(Layout from, NativeBuffer source, Layout to, NativeBuffer target)
    {
        if (from.Equals(to))
        {
            source.Span<byte>(0, (int)from.Bytes).CopyTo(target.Span<byte>(0, (int)to.Bytes));
            return;
        }
        using Kernel reorder = Library.Compile(new Reorder(from, to), "copy");
        reorder.Bind(Argument.Source, from, source, 0);
        reorder.Bind(Argument.Target, to, target, 0);
        reorder.Execute();
    }
}
