using Convolve.Kernels.Contract;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Planning;

/// <summary>
/// Judges a plan's use of memory by its steps alone: what the planner says of lifetimes is not believed, but found again from what each
/// step reads and writes.
/// </summary>
internal static class MemoryJudge
{
    /// <summary>Asserts everything, and returns how much larger the arena is than the most that is alive at one step.</summary>
    public static double Judge(Plan plan)
    {
        Dictionary<Storage, (int First, int Last)> lives = Lifetimes(plan);
        RequireRoom(plan, lives);
        RequireOrder(plan);
        RequireParameters(plan);
        long most = Enumerable.Range(-1, plan.Steps.Count + 2)
            .Max(step => lives.Where(l => l.Value.First <= step && step <= l.Value.Last).Sum(l => l.Key.Bytes));
        return most == 0 ? 1 : (double)plan.ArenaBytes / most;
    }

    /// <summary>When each piece of the arena is in use: the input from before the first step, the output until after the last.</summary>
    public static Dictionary<Storage, (int First, int Last)> Lifetimes(Plan plan)
    {
        Dictionary<Storage, (int First, int Last)> lives = [];
        Touch(plan.Input.Storage, -1);
        Touch(plan.Logits.Storage, plan.Steps.Count);
        Touch(plan.Output.Storage, plan.Steps.Count);
        for (int i = 0; i < plan.Steps.Count; i++)
        {
            foreach (Use use in plan.Steps[i].Uses.Where(u => u.Tensor.Storage.Region == Region.Arena))
                Touch(use.Tensor.Storage, i);
            if (plan.Steps[i].Scratchpad is { } scratchpad)
                Touch(scratchpad, i);
        }
        return lives;

        void Touch(Storage storage, int step) =>
            lives[storage] = lives.TryGetValue(storage, out var life) ? (Math.Min(life.First, step), Math.Max(life.Last, step))
                : (step, step);
    }

    private static void RequireRoom(Plan plan, Dictionary<Storage, (int First, int Last)> lives)
    {
        (Storage Piece, int First, int Last)[] pieces = [.. lives.Select(l => (l.Key, l.Value.First, l.Value.Last))];
        foreach ((Storage piece, int first, int last) in pieces)
        {
            Assert.Equal(Region.Arena, piece.Region);
            Assert.True(piece.Offset >= 0 && piece.Offset % 64 == 0, $"{piece.Name} lies at {piece.Offset}");
            Assert.True(piece.Offset + piece.Bytes <= plan.ArenaBytes,
                $"{piece.Name} ends at {piece.Offset + piece.Bytes} of {plan.ArenaBytes}");
            foreach ((Storage other, int otherFirst, int otherLast) in pieces)
            {
                bool together = first <= otherLast && otherFirst <= last, apart = piece.Offset + piece.Bytes <= other.Offset
                    || other.Offset + other.Bytes <= piece.Offset;
                Expect.True(piece == other || !together || apart,
                    $"{piece.Name} (steps {first} to {last}, {piece.Offset} + {piece.Bytes}) and {other.Name} ({otherFirst} to " +
                    $"{otherLast}, {other.Offset} + {other.Bytes}) overlap");
            }
        }
    }

    // Reads find what earlier steps wrote, to the last byte; a second write changes in place, or is a mistake.
    private static void RequireOrder(Plan plan)
    {
        Dictionary<Storage, List<(long Begin, long End)>> written = new() { [plan.Input.Storage] = [(0, plan.Input.Storage.Bytes)] };
        foreach (Step step in plan.Steps)
        {
            Assert.Equal(step.Uses.Count, step.Uses.Select(u => u.Argument).Distinct().Count());
            foreach (Use use in step.Uses)
            {
                Storage storage = use.Tensor.Storage;
                Assert.True(RangeOf(use).End <= storage.Bytes, $"{step.Label}: {use.Argument} is larger than {storage.Name}");
                Assert.False(use.Tensor.Layout.IsAny, $"{step.Label}: {use.Argument} has no layout");
                if (storage.Region == Region.WeightCopies
                    || (storage.Region == Region.Parameters && plan.Parameters.Slots[storage.Parameter].IsLearned))
                    Assert.Equal(Access.Read, use.Access);
                else if (storage.Region == Region.Parameters)
                    Assert.Equal(plan.Options.IsTraining ? Access.ReadWrite : Access.Read, use.Access);
                else if (use.Access.HasFlag(Access.Read))
                    Expect.True(IsCovered(written.GetValueOrDefault(storage, []), RangeOf(use)),
                        $"{step.Label} reads {storage.Name}, which nothing has written");
            }
            HashSet<Storage> read = [.. step.Uses.Where(u => u.Access.HasFlag(Access.Read)).Select(u => u.Tensor.Storage)];
            foreach (Use use in step.Uses.Where(u => u.Access.HasFlag(Access.Write)))
            {
                Storage storage = use.Tensor.Storage;
                (long begin, long end) = RangeOf(use);
                List<(long Begin, long End)> ranges = written.TryGetValue(storage, out var found) ? found : written[storage] = [];
                Expect.True(read.Contains(storage) || ranges.All(r => r.End <= begin || end <= r.Begin),
                    $"{step.Label} writes {storage.Name} again");
                ranges.Add((begin, end));
            }
        }
        Assert.True(IsCovered(written[plan.Logits.Storage], (0, plan.Logits.Layout.Bytes)));
        Assert.True(IsCovered(written[plan.Output.Storage], (0, plan.Output.Layout.Bytes)));
        Assert.DoesNotContain(plan.Steps.Where(s => s.Phase != Phase.Forward).SelectMany(s => s.Uses),
            u => u.Tensor.Storage == plan.Output.Storage && u.Access.HasFlag(Access.Write));
    }

    private static (long Begin, long End) RangeOf(Use use) => (0, use.Tensor.Layout.Bytes);

    private static bool IsCovered(List<(long Begin, long End)> ranges, (long Begin, long End) wanted)
    {
        foreach ((long begin, long end) in ranges.Order())
            if (begin <= wanted.Begin && wanted.Begin < end)
                wanted.Begin = end;
        return wanted.Begin >= wanted.End;
    }

    private static void RequireParameters(Plan plan)
    {
        (long Begin, long End)[] slots = [.. plan.Parameters.Slots.Select(s => (s.Offset, s.Offset + s.Layout.Bytes))
            .OrderBy(s => s.Offset)];
        Assert.All(slots, slot => Assert.True(slot.Begin % 64 == 0 && slot.End <= plan.Parameters.Bytes));
        Assert.All(slots.Zip(slots.Skip(1)), pair => Assert.True(pair.First.End <= pair.Second.Begin));
        Assert.All(plan.Parameters.Slots, slot =>
            Assert.Equal(slot.Spec.Role != ParameterRole.Weight, slot.Offset >= plan.Parameters.WeightBytes));
        int[] gradients = [.. plan.Steps.SelectMany(s => s.Uses)
            .Where(u => u.Tensor.Storage.Region == Region.Gradients && u.Access.HasFlag(Access.Write))
            .Select(u => u.Tensor.Storage.Parameter).Order()];
        Assert.Equal(plan.Options.IsTraining ? Enumerable.Range(0, plan.Parameters.Slots.Count)
            .Where(i => plan.Parameters.Slots[i].IsLearned) : [], gradients);
        foreach (Storage storage in plan.Storages.Where(s => s.Region is Region.Parameters or Region.Gradients))
        {
            ParameterSlot slot = plan.Parameters.Slots[storage.Parameter];
            Assert.Equal((slot.Offset, slot.Layout.Bytes), (storage.Offset, storage.Bytes));
        }
    }
}
