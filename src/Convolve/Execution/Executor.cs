using System.Diagnostics;
using Convolve.Kernels;
using Convolve.Kernels.Checks;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Normalization;
using Convolve.Kernels.Passes;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>A plan turned into kernels with their memory. Once created, it runs without managed allocations.</summary>
/// <remarks>
/// All passes of a model share one arena and one executor thread: the input of a pass is valid until another one runs. So fill it,
/// run it and read its results within one call of <see cref="ThreadTeam.Invoke"/>, or leave all that to <see cref="Model.Forward"/>, which
/// any thread may call. A pass works as long as its model does, even after the model has created larger or many other ones; windows on
/// its memory end with the model.
/// </remarks>
internal sealed class Executor : IDisposable
{
    private readonly ExecutorCache _owner;
    private readonly long[] _ticks;
    private readonly PassState _state;
    private readonly int _inputElements, _outputElements;
    private Binder? _binder;
    private Runnable[]? _runnables;
    private int[]? _meetings; // steps at which shards share sums
    private bool _isUnchecked, _isDisposed;

    internal Executor(Plan plan, ExecutorCache owner)
    {
        (Plan, _owner) = (plan, owner);
        (_inputElements, _outputElements) = (Count(plan.Input), Count(plan.Output));
        _state = new(owner.Seed, plan.Options.BatchSize, owner.ClassWeights);
        _ticks = new long[plan.Steps.Count];
    }

    public Plan Plan { get; }

    public int BatchSize => Plan.Options.BatchSize;

    /// <summary>The images of the next pass, [N, C, H, W], where the plan computes in float32.</summary>
    public Span<float> InputFloat32 => Plan.Input.Layout.Type == ElementType.Float32 ? Window<float>(Plan.Input, _inputElements) : default;

    /// <summary>The images of the next pass as bits, [N, C, H, W], where the plan computes in bfloat16.</summary>
    public Span<ushort> InputBFloat16 => Plan.Input.Layout.Type == ElementType.BFloat16 ? Window<ushort>(Plan.Input, _inputElements)
        : default;

    /// <summary>Writes images of the next pass in its precision.</summary>
    /// <param name="images">[n, C, H, W].</param>
    /// <param name="from">Values before the first of them.</param>
    public void Write(ReadOnlySpan<float> images, int from = 0)
    {
        if (Plan.Options.Precision == Precision.Float32)
        {
            images.CopyTo(InputFloat32[from..]);
            return;
        }
        Span<ushort> input = InputBFloat16[from..];
        for (int i = 0; i < images.Length; i++)
            input[i] = BFloat16.FromSingle(images[i]);
    }

    /// <summary>The class numbers of the next training pass, [N].</summary>
    public Span<int> Labels => _state.Labels;

    /// <summary>Whether the images of the next training pass are mixtures of two; then both of the following hold for each.</summary>
    public bool IsMixed
    {
        get => _state.IsMixed;
        set => _state.IsMixed = value;
    }

    /// <summary>Where <see cref="IsMixed"/>: the class number of each image's other part, [N].</summary>
    public Span<int> SecondLabels => _state.SecondLabels;

    /// <summary>
    /// Where <see cref="IsMixed"/>: the share of each image's first label in its target, [N], in [0, 1]; the rest is the second's.
    /// </summary>
    public Span<float> FirstShares => _state.FirstShares;

    /// <summary>
    /// The logits of the last pass, [N, classes]: its result, or the input of a final Softmax; valid until the next pass of the model.
    /// </summary>
    public ReadOnlySpan<float> Logits => Window<float>(Plan.Logits, _outputElements);

    /// <summary>
    /// The result of the last pass, [N, classes]: the logits, or in evaluation the probabilities of a network that ends in a Softmax.
    /// </summary>
    public ReadOnlySpan<float> Output => Window<float>(Plan.Output, _outputElements);

    /// <summary>Where the plan goes back from logits: the gradient to begin with, [N, classes]; written before a pass.</summary>
    public Span<float> LogitGradient => Window<float>(Plan.Probe.LogitGradient!, _outputElements);

    /// <summary>An output that the plan's probe keeps, or the gradient that it goes back to.</summary>
    public ReadOnlySpan<float> Kept(Tensor tensor) => Window<float>(tensor, Count(tensor));

    /// <summary>Each image's softmax cross-entropy in the last training pass, [N], times the weight of its class.</summary>
    public ReadOnlySpan<float> Losses => _state.Losses;

    /// <summary>
    /// The divisor of that sum in the gradients: the number of images, or with class weights the sum of the images' weights.
    /// </summary>
    public double WeightSum => _state.WeightSum;

    /// <summary>What the gradients of the next training pass are divided by instead, as a shard of a batch; null for that
    /// divisor.</summary>
    public double? Divisor
    {
        get => _state.Divisor;
        set => _state.Divisor = value;
    }

    /// <summary>
    /// How many images of the last training pass had the largest logit at their label; of a mixture, the label with the larger share.
    /// </summary>
    public int Correct => _state.Correct;

    /// <summary>Whether each step is timed; off by default.</summary>
    public bool IsProfiling { get; set; }

    /// <summary>The time each step has taken since profiling began, in the order of the plan.</summary>
    public IReadOnlyList<TimeSpan> StepTimes => [.. _ticks.Select(t => Stopwatch.GetElapsedTime(0, t))];

    /// <summary>Sees each step; null for nobody.</summary>
    public IPassObserver? Observer { get; set; }

    /// <summary>When it was last used, as its owner counts.</summary>
    internal long LastUse { get; set; }

    /// <summary>Whether it has its kernels.</summary>
    internal bool IsBound => _runnables is not null;

    /// <summary>Runs all steps; on the executor thread.</summary>
    /// <param name="step">Counts the training steps of a run; keys the dropout masks.</param>
    /// <param name="firstImage">Where the pass trains on a part of a batch, the place of its first image in the whole; the masks are then
    /// those of the whole.</param>
    /// <exception cref="InvalidOperationException">The caller is another thread.</exception>
    /// <exception cref="ObjectDisposedException">The pass or its model is disposed.</exception>
    public void Run(uint step = 0, int firstImage = 0)
    {
        if (!ThreadTeam.IsExecutor)
            throw new InvalidOperationException("Kernels run on the executor thread: call through ThreadTeam.Invoke.");
        ObjectDisposedException.ThrowIf(_isDisposed || _owner.IsDisposed, this);
        int before = ThreadTeam.Threads;
        if (before != Plan.Options.Threads)
            ThreadTeam.Resize(Plan.Options.Threads); // another model changed it, and scratch space is for this many
        try
        {
            RunSteps(step, firstImage);
        }
        finally
        {
            if (before > Plan.Options.Threads)
                ThreadTeam.Resize(before); // what is small leaves the team as large as it found it
        }
    }

    /// <summary>
    /// Runs the part of a shard's pass between two batch normalizations of training, which share their sums with the other shards; alone
    /// on its thread.
    /// </summary>
    /// <param name="part">From 0; one more than there are such normalizations.</param>
    /// <param name="step">As in <see cref="Run"/>.</param>
    /// <param name="firstImage">As in <see cref="Run"/>.</param>
    /// <param name="sums">Of all shards, at the normalization before this part; they are overwritten.</param>
    /// <param name="shards">How many these are.</param>
    /// <param name="images">Of all shards.</param>
    /// <returns>This shard's sums at the next normalization; none behind the last.</returns>
    public ReadOnlySpan<float> RunPart(int part, uint step, int firstImage, Span<float> sums, int shards, int images)
    {
        if (part == 0)
        {
            _owner.Use(this);
            (_state.Step, _state.FirstImage) = (step, firstImage);
        }
        _meetings ??= [.. Enumerable.Range(0, _runnables!.Length).Where(i => IsMeeting(Plan.Steps[i].Work))];
        int from = 0;
        if (part > 0)
        {
            ((BatchNormRunnable)_runnables![_meetings[part - 1]]).RunSecondHalf(sums, shards, images);
            from = _meetings[part - 1] + 1;
        }
        int to = part < _meetings.Length ? _meetings[part] : _runnables!.Length;
        RunSteps(from, to);
        if (part == _meetings.Length)
            return [];
        BatchNormRunnable next = (BatchNormRunnable)_runnables![to];
        next.RunFirstHalf();
        return next.Sums;
    }

    /// <summary>Floats of the sums that a shard shares, at each normalization where it does.</summary>
    internal static IEnumerable<int> MeetingsOf(Plan plan) => plan.Steps.Where(step => IsMeeting(step.Work))
        .Select(step => step.Work is BatchNormWork norm ? norm.Shape.PartialFloats
            : ((BatchNormBackwardWork)step.Work).Shape.PartialFloats);

    private static bool IsMeeting(Work work) => work is BatchNormWork { IsTraining: true } or BatchNormBackwardWork { IsTraining: true };

    private void RunSteps(uint step, int firstImage)
    {
        _owner.Use(this);
        (_state.Step, _state.FirstImage) = (step, firstImage);
        _owner.Store.Refresh();
        if (_isUnchecked)
            RunChecked();
        else
            RunSteps(0, _runnables!.Length);
    }

    private void RunSteps(int from, int to)
    {
        if (IsProfiling || Observer is not null)
        {
            RunProfiled(from, to);
            return;
        }
        foreach (Runnable runnable in _runnables.AsSpan(from, to - from))
            runnable.Run();
    }

    /// <summary>Runs forward once more, up to the first step whose result isn't finite; on the executor thread.</summary>
    /// <returns>The layer of that step, or "input"; null where everything is finite.</returns>
    internal string? FirstNonFinite(uint step, int firstImage)
    {
        _owner.Use(this);
        (_state.Step, _state.FirstImage) = (step, firstImage);
        _owner.Store.Refresh();
        if (HasNonFinite(Plan.Input))
            return Plan.Input.Storage.Name;
        for (int i = 0; i < _runnables!.Length && Plan.Steps[i].Phase == Phase.Forward; i++)
        {
            _runnables[i].Run();
            if (Plan.Steps[i].Uses.Any(u => u.Argument == Argument.Target && HasNonFinite(u.Tensor)))
                return Plan.Steps[i].Node;
        }
        return null;
    }

    private bool HasNonFinite(Tensor tensor)
    {
        if (tensor.Storage.Region != Region.Arena)
            return false;
        return tensor.Layout.Type == ElementType.BFloat16
            ? NonFinite.IsInBFloat16(Window<ushort>(tensor, checked((int)(tensor.Layout.Bytes / sizeof(ushort)))))
            : tensor.Layout.Type == ElementType.Float32
            && NonFinite.IsIn(Window<float>(tensor, checked((int)(tensor.Layout.Bytes / sizeof(float)))));
    }

    /// <summary>Releases its kernels when the current run is done. The model creates another pass when it needs one.</summary>
    public void Dispose() => ThreadTeam.Invoke(() =>
    {
        _isDisposed = true;
        _owner.Remove(this);
    });

    /// <summary>Creates the kernels; on the executor thread, with a team of the plan's size.</summary>
    internal void Bind()
    {
        _binder = new(_owner.Store, _owner.Arena, _state, Plan.Options.IsTraining ? _owner.ShardGradients : null, _owner.Exchange);
        _isUnchecked = KernelCheck.IsOn;
        _runnables = new Runnable[Plan.Steps.Count];
        try
        {
            for (int i = 0; i < _runnables.Length; i++)
                _runnables[i] = Runnables.Create(Plan.Steps[i], _binder);
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>Releases the kernels; <see cref="Bind"/> creates them again.</summary>
    internal void Release()
    {
        for (int i = (_runnables?.Length ?? 0) - 1; i >= 0; i--)
            _runnables![i]?.Dispose();
        _runnables = null;
    }

    private void RunChecked()
    {
        for (int i = 0; i < _runnables!.Length; i++)
            StepCheck.Run(Plan.Steps[i], _runnables[i], _binder!);
        _isUnchecked = false;
    }

    private void RunProfiled(int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            long start = Stopwatch.GetTimestamp();
            _runnables![i].Run();
            long end = Stopwatch.GetTimestamp();
            _ticks[i] += end - start;
            Observer?.Ran(Plan, i, start, end);
        }
    }

    private Span<T> Window<T>(Tensor tensor, int elements) where T : unmanaged => _owner.Arena.Span<T>(tensor.Storage.Offset, elements);

    // Once: the sizes of a layout are a new list each time.
    private static int Count(Tensor tensor) => checked((int)tensor.Layout.Sizes.Aggregate(1L, (product, size) => product * size));
}

/// <summary>Knows in which buffer each tensor is.</summary>
internal sealed class Binder(ParameterStore store, NativeBuffer arena, PassState state, NativeBuffer? shard = null,
    IGradientExchange? exchange = null)
{
    /// <summary>Connects the ranks of a model-parallel run.</summary>
    public IGradientExchange? Exchange { get; } = exchange;

    public PassState State { get; } = state;

    public NativeBuffer Arena { get; } = arena;

    public (NativeBuffer Buffer, long Offset) Locate(Tensor tensor) => tensor.Storage.Region switch
    {
        Region.Arena => (Arena, tensor.Storage.Offset),
        // Shards run at the same time, and each has running statistics of its own, which are averaged later.
        Region.Parameters => (shard is not null && !store.Plan.Slots[tensor.Storage.Parameter].IsLearned ? shard : store.Weights,
            tensor.Storage.Offset),
        Region.Gradients => (shard ?? store.Gradients, tensor.Storage.Offset),
        _ => (store.CopyOf(tensor), 0),
    };

    /// <summary>The address of a tensor for own kernels; valid while the buffers exist.</summary>
    public nint Address(Tensor tensor)
    {
        var (buffer, offset) = Locate(tensor);
        return buffer.At(offset, tensor.Layout.Bytes);
    }
}
