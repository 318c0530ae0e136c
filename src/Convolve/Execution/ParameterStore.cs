using System.Buffers;
using Convolve.Kernels;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;
using Convolve.Layers;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>The weights of a network, their gradients, and the copies that plans read, shared by all plans of the network.</summary>
internal sealed class ParameterStore : IDisposable
{
    private const int ChunkElements = 1 << 16;

    // Pieces of 1 MiB where rows are short enough, and of the 64 rows of the largest blocks at least: those are then read once.
    private const int PieceElements = 1 << 18, RowsOfBlock = 64;
    private readonly List<WeightCopy> _copies = [];
    private readonly InterleavedCopy[] _interleaved;
    private readonly Func<NativeBuffer> _scratch;

    /// <param name="plan">Where the parameters are.</param>
    /// <param name="training">Whether they have gradients.</param>
    /// <param name="scratch">Memory that nobody needs between two passes: the arena of activations.</param>
    public ParameterStore(ParameterPlan plan, bool training, Func<NativeBuffer> scratch)
    {
        (Plan, _scratch) = (plan, scratch);
        _interleaved = new InterleavedCopy[plan.Slots.Count];
        Weights = new(plan.Bytes, "weights");
        Gradients = new(training ? plan.Bytes : 0, "gradients");
    }

    public ParameterPlan Plan { get; }

    public NativeBuffer Weights { get; }

    public NativeBuffer Gradients { get; }

    /// <summary>Memory of the copies that plans asked for so far.</summary>
    public long CopyBytes => _copies.Sum(c => c.Tensor.Layout.Bytes);

    /// <summary>The memory of a copy; plans that want the same parameter in the same layout share it.</summary>
    public NativeBuffer CopyOf(Tensor tensor)
    {
        WeightCopy? copy = _copies.Find(c => c.Tensor.Storage.Parameter == tensor.Storage.Parameter
            && c.Tensor.Layout.Equals(tensor.Layout));
        if (copy is null)
        {
            ParameterSlot slot = Plan.Slots[tensor.Storage.Parameter];
            copy = new(tensor, new(tensor.Layout.Bytes, $"a copy of {slot.Name}"), new(slot.Name, slot.Layout, tensor.Layout));
            _copies.Add(copy);
            if (RowsInterleaved(slot.Layout, tensor.Layout) is { } row)
                _interleaved[tensor.Storage.Parameter] = new(copy.Buffer.At(0, tensor.Layout.Bytes), row);
        }
        return copy.Buffer;
    }

    /// <summary>The copy of a parameter that is its rows interleaved in pairs; address 0 if it has none.</summary>
    public InterleavedCopy InterleavedCopyOf(int index) => _interleaved[index];

    /// <summary>A pass that updates all that is learned by a rule, and the interleaved copies with it.</summary>
    /// <param name="states">What the rule keeps, in its order.</param>
    /// <param name="ruleOf">The rule for parameters of a role.</param>
    public UpdateKernel CreateUpdate<TRule>(IReadOnlyList<NativeBuffer> states, Func<UpdateStep, ParameterRole, TRule> ruleOf)
        where TRule : struct, IUpdateRule => new UpdateKernel<TRule>(new(Weights, Gradients, states), Plan.RangesOf(slot => slot.IsLearned),
            InterleavedCopyOf, (step, i) => ruleOf(step, Plan.Slots[i].Spec.Role));

    /// <summary>Marks all weights, and the interleaved copies, as updated.</summary>
    public void MarkUpdated()
    {
        foreach (WeightCopy copy in _copies)
            copy.IsStale = !copy.Buffer.BeginsAt(_interleaved[copy.Tensor.Storage.Parameter].Address);
    }

    /// <summary>Marks all copies as out of date.</summary>
    public void MarkChanged() => _copies.ForEach(c => c.IsStale = true);

    /// <summary>Brings every copy up to date.</summary>
    public void Refresh()
    {
        foreach (WeightCopy copy in _copies)
        {
            if (!copy.IsStale)
                continue;
            ParameterSlot slot = Plan.Slots[copy.Tensor.Storage.Parameter];
            copy.Copy.Run(Weights.At(slot.Offset, slot.Layout.Bytes), copy.Buffer.At(0, copy.Tensor.Layout.Bytes));
            copy.IsStale = false;
        }
    }

    /// <summary>Initializes every parameter.</summary>
    public void Initialize(ulong seed)
    {
        for (int i = 0; i < Plan.Slots.Count; i++)
        {
            ParameterSpec spec = Plan.Slots[i].Spec;
            uint index = (uint)i;
            WritePlain(i, Weights, (plain, offset) => Parallel.For(0, (int)((spec.Count + ChunkElements - 1) / ChunkElements), chunk =>
            {
                long from = (long)chunk * ChunkElements;
                Span<float> values = plain.Span<float>(offset + from * sizeof(float), (int)Math.Min(ChunkElements, spec.Count - from));
                spec.Initializer.Fill(values, spec.FanIn, spec.FanOut,
                    new CounterRandom(seed, RandomPurpose.Initialization, index, (uint)chunk));
            }));
        }
    }

    /// <summary>Lends a parameter in plain order, in pieces; nothing else is changed.</summary>
    public void Read(int index, Action<ReadOnlySpan<float>> read) => Read(index, Weights, read);

    /// <summary>
    /// Lends what is in another arena at a parameter's place in plain order, in pieces of whole rows; nothing else is changed.
    /// </summary>
    public void Read(int index, NativeBuffer arena, Action<ReadOnlySpan<float>> read)
    {
        ParameterSlot slot = Plan.Slots[index];
        nint source = arena.At(slot.Offset, slot.Layout.Bytes);
        using LayoutCopy copy = new(slot.Name, slot.Layout, PlainOf(slot));
        int rows = Math.Min(copy.Rows, Math.Max(1, PieceElements / copy.Columns / RowsOfBlock) * RowsOfBlock);
        // Rented, because fresh memory for every parameter costs more than the copy.
        float[] piece = ArrayPool<float>.Shared.Rent(rows * copy.Columns);
        for (int row = 0; row < copy.Rows; row += rows)
        {
            int count = Math.Min(rows, copy.Rows - row);
            copy.ReadRows(source, piece, row, count);
            read(piece.AsSpan(0, count * copy.Columns));
        }
        ArrayPool<float>.Shared.Return(piece);
    }

    /// <summary>
    /// Sets every parameter from plain order, one after the other. Overwrites what the last pass left: its activations, or for
    /// a parameter larger than these its gradient.
    /// </summary>
    public void WriteAll(FillParameter fill)
    {
        for (int i = 0; i < Plan.Slots.Count; i++)
            Write(i, Weights, fill);
    }

    /// <summary>
    /// Sets what is in an arena at a parameter's place, from plain order. Overwrites what the last pass left: its activations, or for
    /// a parameter larger than these its gradient.
    /// </summary>
    public void Write(int index, NativeBuffer arena, FillParameter fill)
    {
        ParameterSlot slot = Plan.Slots[index];
        WritePlain(index, arena, (plain, offset) => fill(slot, plain.Span<float>(offset, (int)slot.Spec.Count)));
    }

    public void Write(int index, ReadOnlySpan<float> values)
    {
        ParameterSlot slot = Plan.Slots[index];
        RequireCount(slot, values.Length);
        using LayoutCopy copy = new(slot.Name, PlainOf(slot), slot.Layout);
        copy.Write(values, Weights.At(slot.Offset, slot.Layout.Bytes));
        MarkChanged();
    }

    public void Read(int index, NativeBuffer arena, Span<float> values)
    {
        ParameterSlot slot = Plan.Slots[index];
        RequireCount(slot, values.Length);
        using LayoutCopy copy = new(slot.Name, slot.Layout, PlainOf(slot));
        copy.Read(arena.At(slot.Offset, slot.Layout.Bytes), values);
    }

    private void WritePlain(int index, NativeBuffer arena, Action<NativeBuffer, long> fill)
    {
        ParameterSlot slot = Plan.Slots[index];
        long bytes = slot.Spec.Count * sizeof(float);
        if (slot.Layout.Equals(PlainOf(slot)))
        {
            fill(arena, slot.Offset);
            MarkChanged();
            return;
        }
        using ScratchLease plain = Borrow(slot, bytes);
        fill(plain.Buffer, plain.Offset);
        using LayoutCopy copy = new(slot.Name, PlainOf(slot), slot.Layout);
        copy.Run(plain.Buffer.At(plain.Offset, bytes), arena.At(slot.Offset, slot.Layout.Bytes));
        MarkChanged();
    }

    // A large network's first fully connected layer has 100 MiB, more than the activations of a small batch. Then its gradient's place is
    // lent, whose values new weights make worthless; separate memory, which no plan counts, only where nothing is trained.
    private ScratchLease Borrow(ParameterSlot slot, long bytes)
    {
        NativeBuffer arena = _scratch();
        if (bytes <= arena.Bytes)
            return new(arena, 0, isOwn: false);
        return Gradients.Bytes > 0 ? new(Gradients, slot.Offset, isOwn: false) : new(new(bytes, slot.Name), 0, isOwn: true);
    }

    /// <summary>
    /// The first parameter with a number that isn't finite, and how many, such as "conv1.weight: 3 of 150 values are NaN"; null where all
    /// are finite.
    /// </summary>
    /// <param name="arena">The weights, or what is laid out as they are.</param>
    /// <param name="learnedOnly">Whether to pass over what is kept in addition to weights, such as running statistics.</param>
    public string? FirstNonFinite(NativeBuffer arena, bool learnedOnly = false)
    {
        foreach (ParameterSlot slot in Plan.Slots.Where(s => s.IsLearned || !learnedOnly))
            if (NonFinite.Describe(Elements(slot, arena), slot.Spec.Count) is { } what)
                return $"{slot.Name}: {what}";
        return null;
    }

    /// <summary>
    /// What is in an arena at a parameter's place, in the order of its layout; the padding of blocks, which is 0, included.
    /// </summary>
    public static ReadOnlySpan<float> Elements(ParameterSlot slot, NativeBuffer arena) =>
        arena.Span<float>(slot.Offset, checked((int)(slot.Layout.Bytes / sizeof(float))));

    public void Dispose()
    {
        foreach (WeightCopy copy in _copies)
        {
            copy.Copy.Dispose();
            copy.Buffer.Dispose();
        }
        _copies.Clear();
        Weights.Dispose();
        Gradients.Dispose();
    }

    // Blocks of 16 rows in float32, of 8 pairs of rows in bfloat16, and all else alike: "AB16b64a" and "AB8b64a2b".
    private static int? RowsInterleaved(Layout master, Layout copy)
    {
        return master.Blocks is [{ Axis: 1, Size: 16 }, { Axis: 0, Size: var row }]
            && copy.Blocks is [{ Axis: 1, Size: 8 }, { Axis: 0, Size: var length }, { Axis: 1, Size: 2 }] && length == row
            && copy.Order.SequenceEqual(master.Order) && copy.Type == ElementType.BFloat16 && copy.Bytes * 2 == master.Bytes ? row : null;
    }

    private static Layout PlainOf(ParameterSlot slot) => Layout.Plain(ElementType.Float32, [.. slot.Layout.Sizes]);

    private static void RequireCount(ParameterSlot slot, int count)
    {
        if (count != slot.Spec.Count)
            throw new ArgumentException($"{slot.Name} has {slot.Spec.Count} values, got {count}.");
    }

    /// <summary>Memory for one call.</summary>
    private readonly struct ScratchLease(NativeBuffer buffer, long offset, bool isOwn) : IDisposable
    {
        public NativeBuffer Buffer { get; } = buffer;

        public long Offset { get; } = offset;

        public void Dispose()
        {
            if (isOwn)
                Buffer.Dispose();
        }
    }

    private sealed class WeightCopy(Tensor tensor, NativeBuffer buffer, LayoutCopy copy)
    {
        public Tensor Tensor { get; } = tensor;

        public NativeBuffer Buffer { get; } = buffer;

        public LayoutCopy Copy { get; } = copy;

        public bool IsStale { get; set; } = true;
    }
}

/// <summary>Fills a parameter in plain order.</summary>
internal delegate void FillParameter(ParameterSlot slot, Span<float> values);
