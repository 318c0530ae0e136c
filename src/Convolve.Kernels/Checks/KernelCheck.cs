using System.Globalization;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Machines;
using Convolve.Kernels.Memory;

namespace Convolve.Kernels.Checks;

/// <summary>A tensor in memory that a kernel works on.</summary>
/// <param name="Name">What it is to the kernel, such as "DiffWeights".</param>
/// <param name="Layout">How its elements are laid out there.</param>
/// <param name="Address">Where it begins; valid while its buffer exists.</param>
/// <param name="Access">What the kernel does with it.</param>
internal readonly record struct CheckedTensor(string Name, Layout Layout, nint Address, Access Access);

/// <summary>
/// Finds kernels that leave a part of their result unwritten, or compute it from what was in memory before. A kernel runs twice on the same
/// inputs: once where its results and its scratchpad begin as NaN, once where they begin as another number. Whatever differs between the
/// two results does not depend on the inputs alone. Padding of blocked layouts must be 0, because later kernels read it.
/// </summary>
/// <remarks>
/// A result that is computed in place begins as its input: there only what comes from the scratchpad is found. What a kernel reads outside
/// of its tensors is not found either.
/// </remarks>
internal static class KernelCheck
{
    /// <summary>The environment variable that switches it on, where it is 1.</summary>
    public const string Variable = "CONVOLVE_CHECK_KERNELS";

    // Each is one kind of number in every type: NaN, or 100,400 (in bytes: no byte of the one is in the other).
    private const uint NaNResult = 0x7FD57FD5, NaNScratch = 0x7FCA7FCA, Number = 0x47C447C4;

    /// <summary>Whether every kernel is checked when it first runs.</summary>
    public static bool IsOn { get; set; } = Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>Runs a kernel, and checks it; on the executor thread.</summary>
    /// <param name="label">What it works for, such as "conv1 forward".</param>
    /// <param name="kernel">What it is.</param>
    /// <param name="tensors">All that it works on. What it writes to the memory of another of them is computed in place.</param>
    /// <param name="scratch">Memory that it needs while it runs.</param>
    /// <param name="run">Runs it.</param>
    /// <exception cref="KernelCheckException">The kernel is wrong.</exception>
    public static void Run(string label, string kernel, IReadOnlyList<CheckedTensor> tensors, MemoryPiece scratch, Action run)
    {
        CheckedTensor[] written = [.. tensors.Where(t => t.Access.HasFlag(Access.Write)).DistinctBy(t => t.Address)];
        bool[] isInPlace = [.. written.Select(w => tensors.Any(t => t.Address == w.Address && t.Access.HasFlag(Access.Read)))];
        MemoryPiece[] at = [.. written.Select(t => new MemoryPiece(t.Address, t.Layout.Bytes))];
        using NativeBuffer kept = new(at.Sum(m => m.Bytes), "a copy of a kernel's results"),
            begun = new(kept.Bytes, "a copy of a kernel's results");
        Copy(to: begun);
        Begin(NaNResult, NaNScratch);
        run();
        Copy(to: kept);
        Begin(Number, Number);
        run();
        long offset = 0;
        for (int i = 0; i < written.Length; offset += at[i++].Bytes)
            if (Faults.In(written[i].Layout, new(kept.At(offset, at[i].Bytes), at[i].Bytes), at[i]) is { AreNone: false } faults)
                throw new KernelCheckException(Message(label, kernel, written[i], faults, tensors));

        void Copy(NativeBuffer to)
        {
            long offset = 0;
            foreach (MemoryPiece memory in at)
            {
                memory.CopyTo(new(to.At(offset, memory.Bytes), memory.Bytes));
                offset += memory.Bytes;
            }
        }

        void Begin(uint result, uint rest)
        {
            long offset = 0;
            for (int i = 0; i < at.Length; offset += at[i++].Bytes)
            {
                if (isInPlace[i])
                    new MemoryPiece(begun.At(offset, at[i].Bytes), at[i].Bytes).CopyTo(at[i]);
                else
                    at[i].Fill(result);
            }
            scratch.Fill(rest);
        }
    }

    private static string Message(string label, string kernel, CheckedTensor tensor, Faults faults, IReadOnlyList<CheckedTensor> tensors)
    {
        List<string> found = [];
        if (faults.Unwritten > 0)
            found.Add(string.Create(CultureInfo.InvariantCulture, $"left {faults.Unwritten} of {faults.Elements} elements unwritten"));
        if (faults.FromMemory > 0)
            found.Add(string.Create(CultureInfo.InvariantCulture,
                $"computed {faults.FromMemory} of {faults.Elements} elements from memory it hadn't written"));
        if (faults.Padding > 0)
            found.Add(string.Create(CultureInfo.InvariantCulture, $"left {faults.Padding} padding elements nonzero"));
        string shapes = string.Join(", ", tensors.Select(t => $"{t.Name} [{t.Layout}]"));
        return $"{label}: the kernel {kernel} {string.Join(", and ", found)} in {tensor.Name} [{tensor.Layout}] ({shapes}). Don't trust " +
            $"its results on this CPU ({Processor.Name}): report it, and until it is fixed run with DNNL_MAX_CPU_ISA=AVX2 " +
            $"DOTNET_EnableAVX512=0.";
    }

    /// <summary>The elements of a result that are wrong.</summary>
    private readonly record struct Faults(long Elements, long Unwritten, long FromMemory, long Padding)
    {
        public bool AreNone => Unwritten + FromMemory + Padding == 0;

        /// <summary>Compares the results of two runs.</summary>
        public static Faults In(Layout layout, MemoryPiece first, MemoryPiece second)
        {
            bool isSame = first.Equals(second, first.Bytes);
            int size = layout.Type switch { ElementType.UInt8 => 1, ElementType.BFloat16 => 2, _ => 4 };
            if (isSame && layout.Sizes.Aggregate(1L, (product, s) => product * s) * size == layout.Bytes)
                return default;
            ElementPlaces places = new(layout);
            long unwritten = 0, fromMemory = 0, padding = 0;
            foreach (int row in isSame ? [] : places.Rows)
                foreach (int column in places.Columns)
                {
                    long at = (long)row + column;
                    ReadOnlySpan<byte> one = first.Element(at, size), other = second.Element(at, size);
                    if (one.SequenceEqual(other))
                        continue;
                    if (Holds(one, at * size, NaNResult) && Holds(other, at * size, Number))
                        unwritten++;
                    else
                        fromMemory++;
                }
            foreach (int row in places.Rows)
                padding += NonZero(second, places.ColumnPadding, row, size);
            foreach (int row in places.RowPadding)
                padding += NonZero(second, places.Columns, row, size) + NonZero(second, places.ColumnPadding, row, size);
            return new(places.Elements, unwritten, fromMemory, padding);
        }

        private static bool Holds(ReadOnlySpan<byte> element, long at, uint word)
        {
            for (int i = 0; i < element.Length; i++)
                if (element[i] != (byte)(word >> (8 * (int)((at + i) & 3))))
                    return false;
            return true;
        }

        // Negative zeros, the highest bit alone, are zeros.
        private static long NonZero(MemoryPiece memory, int[] columns, int row, int size)
        {
            long count = 0;
            foreach (int column in columns)
            {
                ReadOnlySpan<byte> element = memory.Element((long)row + column, size);
                count += element[..^1].IndexOfAnyExcept((byte)0) < 0 && element[^1] is 0 or 0x80 ? 0 : 1;
            }
            return count;
        }
    }
}
