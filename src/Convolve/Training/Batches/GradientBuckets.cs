using Convolve.Kernels.Parameters;
using Convolve.Planning;

namespace Convolve.Training.Batches;

/// <summary>
/// Pieces of the gradients in the order in which a backward pass finishes them: each can be exchanged while the pass goes on. The last one
/// has what is finished at its end: biases, running statistics, and the first layers' weights where they are few.
/// </summary>
internal sealed class GradientBuckets
{
    // Large messages are faster than many small ones, and a large fully connected layer is one of its own.
    private const long LeastBytes = 16 << 20;

    private readonly List<(long Offset, long End)> _pieces = [];
    private readonly ParameterPlan _parameters;
    private readonly Dictionary<Plan, int[]> _steps = [];

    public GradientBuckets(ParameterPlan parameters)
    {
        _parameters = parameters;
        long end = parameters.WeightBytes;
        foreach (ParameterSlot slot in parameters.Slots.Where(s => s.Offset < parameters.WeightBytes).OrderByDescending(s => s.Offset))
            if (end - slot.Offset >= LeastBytes)
            {
                _pieces.Add((slot.Offset, end));
                end = slot.Offset;
            }
        if (_pieces.Count > 0 && end > 0)
            _pieces.Add((0, end));
        _pieces.Add((_pieces.Count > 0 ? parameters.WeightBytes : 0, parameters.Bytes));
    }

    public int Count => _pieces.Count;

    /// <summary>Where a piece begins in an arena, in bytes, and its floats.</summary>
    public (long Offset, long Floats) this[int bucket] =>
        (_pieces[bucket].Offset, (_pieces[bucket].End - _pieces[bucket].Offset) / sizeof(float));

    /// <summary>The parameters of a piece, without bytes for all others.</summary>
    public IReadOnlyList<ArenaRange> RangesOf(int bucket, bool learned) => _parameters.RangesOf(slot => slot.IsLearned == learned
        && slot.Offset >= _pieces[bucket].Offset && slot.Offset < _pieces[bucket].End);

    /// <summary>Of each piece but the last, the step of a plan after which it is finished.</summary>
    public int[] StepsOf(Plan plan)
    {
        lock (_steps)
            return _steps.TryGetValue(plan, out int[]? steps) ? steps : _steps[plan] = Find(plan);
    }

    private int[] Find(Plan plan)
    {
        int[] last = new int[Count - 1];
        for (int i = 0; i < plan.Steps.Count; i++)
            foreach (Use use in plan.Steps[i].Uses)
                if (use.Tensor.Storage is { Region: Region.Gradients, Offset: var offset })
                    for (int bucket = 0; bucket < last.Length; bucket++)
                        if (offset >= _pieces[bucket].Offset && offset < _pieces[bucket].End)
                            last[bucket] = i;
        return last;
    }
}
