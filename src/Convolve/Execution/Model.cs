using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Managed;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>A graph with its parameters, ready to run: evaluation at any batch size, and, where it was made for it, training.</summary>
/// <remarks>
/// Training, evaluation and every batch size have separate plans over the same parameters and the same arena; none of them is a mode.
/// <para>
/// Any number of threads may call a model at once: each call is one job of the one executor thread (<see cref="ThreadTeam"/>), in the order
/// of arrival, and has its own input and result; while that thread is idle, callers evaluate small networks themselves. A training in the
/// same process serves them between its steps; what they see are the weights of that moment.
/// <see cref="ForwardBackward"/>, <see cref="ReadGradient"/> and <see cref="Training.Optimizers.Optimizer.Step"/> belong together: several
/// threads that train one model must agree among themselves. <see cref="Dispose"/> waits for the call that runs; later ones get an
/// <see cref="ObjectDisposedException"/>.
/// </para>
/// </remarks>
public sealed class Model : IDisposable
{
    // Measured: LeNet-5 (0.4 M multiply-adds) runs at 38,000 images/s in bfloat16 and at 167,000 in float32, where it has kernels of its
    // own; the next larger network of the zoo (cnn-bn-leaky, 7.8 M) at 11,900 and 8,700.
    private const long BFloat16MultiplyAdds = 4_000_000;

    // No arena that a CPU can fill in a useful time is larger; addresses cost nothing.
    internal const long MostArenaBytes = 1L << 36;

    private readonly List<Plan> _planned; // and not used yet: kernels are made at their first use
    private readonly ParameterStore _store;
    private readonly ExecutorCache _passes;
    private readonly bool _exact;
    private readonly float _smoothing;
    private readonly float[]? _classWeights;
    private readonly int _threads, _planThreads;

    /// <param name="graph">The network; its output must be a vector of logits.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="trainingBatchSize">The largest batch of <see cref="ForwardBackward"/>; 0 for a model that only evaluates.</param>
    /// <param name="seed">Decides the first weights and the dropout masks.</param>
    /// <exception cref="NetworkException">The output is not a vector, or bfloat16 was asked for and the CPU has none.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    /// <exception cref="InsufficientMemoryException">The machine does not give the memory.</exception>
    public Model(Graph graph, ExecutionOptions? options = null, int trainingBatchSize = 0, ulong seed = 0)
        : this(graph, options ?? new(), trainingBatchSize, seed, null)
    {
    }

    /// <summary>A model that evaluates; its weights are 0 until they are set.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="plans">What it will run, as <see cref="PlanFor"/> plans it; null where that is not known.</param>
    internal Model(Graph graph, ExecutionOptions options, IReadOnlyList<Plan>? plans) : this(graph, options, 0, null, plans)
    {
    }

    private Model(Graph graph, ExecutionOptions options, int trainingBatchSize, ulong? seed, IReadOnlyList<Plan>? plans)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trainingBatchSize);
        (Graph, _exact, _smoothing, TrainingBatchSize) = (graph, options.Exact, options.LabelSmoothing, trainingBatchSize);
        (Precision, PrecisionReason) = ChoosePrecision(graph, options.Precision);
        _classWeights = options.ClassWeights is null ? null : [.. options.ClassWeights];
        if (_classWeights is not null
            && (_classWeights.Length != graph.Output.Channels || _classWeights.Any(w => w is not (>= 0 and < float.PositiveInfinity))))
            throw new ArgumentException(
                $"{graph.Name} needs {graph.Output.Channels} class weights of at least 0, got " +
                $"{string.Join(", ", _classWeights)}.", nameof(options));
        (_threads, _planThreads) = (ThreadTeam.Resolve(options.Threads), options.PlanThreads);
        _planned = plans is null ? [CreatePlan(Math.Max(1, trainingBatchSize), trainingBatchSize > 0)] : [.. plans];
        long arenaBytes = _planned[0].ArenaBytes;
        _store = new(_planned[0].Parameters, trainingBatchSize > 0, () => _passes!.Arena);
        _passes = new(_store, NativeBuffer.Growing(arenaBytes, Math.Max(arenaBytes, MostArenaBytes), "activations"), seed ?? 0,
            _classWeights)
        { Exchange = options.Exchange };
        try
        {
            if (trainingBatchSize > 0)
                Training(trainingBatchSize);
            if (seed is { } value)
                ThreadTeam.Invoke(() => _store.Initialize(value));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The network.</summary>
    public Graph Graph { get; }

    /// <summary>The number format in use; never <see cref="Precision.Auto"/>.</summary>
    public Precision Precision { get; }

    /// <summary>Why it is that one, in a few words.</summary>
    public string PrecisionReason { get; }

    /// <summary>The largest batch of a training pass; 0 for a model that only evaluates.</summary>
    public int TrainingBatchSize { get; }

    /// <summary>Such as "conv1.weight", and "bn1.running_mean" of what is not learned, in the graph's order.</summary>
    public IReadOnlyList<string> ParameterNames => [.. _store.Plan.Slots.Select(s => s.Name)];

    /// <summary>
    /// Memory of the weights, their gradients and their copies, and of the arena: everything that the plans so far need.
    /// </summary>
    public long MemoryBytes
    {
        get
        {
            long bytes = 0;
            ThreadTeam.Invoke(() => bytes = _store.Weights.Bytes + _store.Gradients.Bytes + _store.CopyBytes + _passes.Arena.Bytes);
            return bytes;
        }
    }

    /// <summary>
    /// Passes that have their kernels at the moment: of evaluation and of training at most <see cref="ExecutorCache.MostOfAKind"/> each.
    /// </summary>
    internal int PassCount => _passes.Count;

    internal ParameterStore Store => _store;

    /// <summary>The number format that a network runs in here, and why, in a few words.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="asked"><see cref="Precision.Auto"/> chooses the faster one that the CPU supports natively.</param>
    /// <exception cref="NetworkException">bfloat16 was asked for, and the CPU has none.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing.</exception>
    public static (Precision Precision, string Reason) ChoosePrecision(Graph graph, Precision asked)
    {
        if (asked == Precision.BFloat16 && KernelLibrary.Current is ManagedKernels)
            throw new NetworkException(
                "Convolve's own kernels compute in float32. Use float32, or oneDNN on a CPU with native bfloat16.");
        if (asked == Precision.BFloat16 && !Machine.HasNativeBFloat16)
            throw new NetworkException(
                $"This CPU has no native bfloat16 ({Machine.InstructionSetName}). Use float32: emulated bfloat16 would be three times " +
                $"slower.");
        if (asked != Precision.Auto)
            return (asked, "as requested");
        if (!Machine.HasNativeBFloat16)
            return (Precision.Float32, Machine.WhyNoBFloat16);
        return graph.MultiplyAdds >= BFloat16MultiplyAdds
            ? (Precision.BFloat16, "native on this CPU and faster for this network")
            : (Precision.Float32, "faster than bfloat16 for a network this small");
    }

    /// <summary>The plan that a model would run, without allocating its memory.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="options">How it would run.</param>
    /// <param name="batchSize">Images of one pass, at least 1.</param>
    /// <param name="training">Whether the pass includes the backward pass.</param>
    /// <param name="parameters">Where an earlier plan of the same model has laid the weights; null for a first plan.</param>
    /// <exception cref="NetworkException">The output is not a vector, or bfloat16 was asked for and the CPU has none.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    internal static Plan PlanFor(Graph graph, ExecutionOptions options, int batchSize, bool training, ParameterPlan? parameters = null) =>
        Planner.Create(graph, new(batchSize, training, ChoosePrecision(graph, options.Precision).Precision, options.Exact,
            options.PlanThreads, options.LabelSmoothing), parameters);

    /// <summary>Copies a parameter out, in plain OIHW (convolution) or [out, in] (linear) order.</summary>
    /// <exception cref="ArgumentException">There is no such parameter, or it has another number of values.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public void ReadParameter(string name, Span<float> destination) => Read(_store.Weights, name, destination);

    /// <summary>Sets a parameter from plain order.</summary>
    /// <exception cref="ArgumentException">There is no such parameter, or it has another number of values.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public void WriteParameter(string name, ReadOnlySpan<float> values)
    {
        float[] copy = values.ToArray();
        Invoke(() => _store.Write(_store.Plan.IndexOf(name), copy));
    }

    /// <summary>Copies the gradient of the last training pass out, in plain order.</summary>
    /// <exception cref="ArgumentException">There is no such parameter, or it has another number of values.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public void ReadGradient(string name, Span<float> destination)
    {
        RequireTraining();
        Read(_store.Gradients, name, destination);
    }

    /// <summary>The pass that evaluates batches of one size.</summary>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    internal Executor Evaluation(int batchSize) => ExecutorFor(batchSize, false);

    /// <summary>The pass that trains on batches of one size, at most <see cref="TrainingBatchSize"/>.</summary>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    internal Executor Training(int batchSize)
    {
        RequireTraining();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batchSize, TrainingBatchSize);
        return ExecutorFor(batchSize, true);
    }

    /// <summary>
    /// Evaluates: [n, C, H, W] preprocessed pixels to [n, classes] logits, or probabilities where the network ends in a Softmax, for any n.
    /// </summary>
    /// <remarks>Any thread may call it at any time; the same images in the same n give the same bits.</remarks>
    /// <exception cref="ArgumentException">The images are not a whole number of them, or the result has another length.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public void Forward(ReadOnlySpan<float> images, Span<float> result)
    {
        int count = CountOf(images);
        if (result.Length != count * Graph.Output.Channels)
            throw new ArgumentException(
                $"{count} images give {count * Graph.Output.Channels} logits, but there is room for {result.Length}.", nameof(result));
        if (ForwardCall.TryRunHere(this, images, count, result, ofSoftmax: true))
            return;
        // All within one job: the input and the output of a pass are the arena's, and the next pass of anybody overwrites them.
        Pinned.Run(images, result, (from, to) => Invoke(() => ForwardCall.Run(Evaluation(count), from.Span, to.Span, ofSoftmax: true)));
    }

    /// <summary>
    /// One training pass without the update; returns the mean softmax cross-entropy (with class weights the weighted mean), whose gradients
    /// stay in the model.
    /// </summary>
    /// <param name="images">[n, C, H, W] preprocessed pixels, n at most the training batch size.</param>
    /// <param name="labels">n class numbers.</param>
    /// <param name="step">Counts the training steps: dropout masks are a function of (seed, step, layer, element).</param>
    /// <exception cref="ArgumentException">The images are not a whole number of them, or the labels do not go with them.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public double ForwardBackward(ReadOnlySpan<float> images, ReadOnlySpan<int> labels, uint step = 0)
    {
        int count = CountOf(images), classes = Graph.Output.Channels;
        if (labels.Length != count)
            throw new ArgumentException($"{count} images need {count} labels, got {labels.Length}.", nameof(labels));
        foreach (int label in labels)
            if ((uint)label >= (uint)classes)
                throw new ArgumentException($"Label {label} is not one of the {classes} classes 0 to {classes - 1}.", nameof(labels));
        double sum = 0, weights = 0;
        Pinned.Run(images, labels, (from, classesFrom) => Invoke(() =>
        {
            Executor pass = Training(count);
            pass.Write(from.Span);
            classesFrom.Span.CopyTo(pass.Labels);
            pass.IsMixed = false;
            pass.Run(step);
            foreach (float loss in pass.Losses)
                sum += loss;
            weights = pass.WeightSum;
        }));
        return sum / weights;
    }

    /// <summary>Releases all memory when the current call is done.</summary>
    public void Dispose() => ThreadTeam.Invoke(() =>
    {
        _passes.Dispose();
        _store.Dispose();
    });

    /// <summary>Brings the team to the model's size; on the executor thread.</summary>
    internal void UseTeam()
    {
        if (ThreadTeam.Threads != _threads)
            ThreadTeam.Resize(_threads);
    }

    /// <summary>A job of the executor thread on a model that is not disposed.</summary>
    internal void Invoke(Action action, JobKind kind = JobKind.Short) => ThreadTeam.Invoke(() =>
    {
        ObjectDisposedException.ThrowIf(_passes.IsDisposed, this);
        action();
    }, kind);

    /// <summary>A pass for evaluation that one thread runs, if there is one already; on the executor thread or in its place.</summary>
    internal Executor? FindForOneThread(int batchSize) =>
        !_passes.IsDisposed && _passes.Find(batchSize, training: false) is { Plan.Options.Threads: 1 } pass ? pass : null;

    /// <summary>An evaluation pass that keeps more than its result, and that the caller disposes; on the executor thread.</summary>
    internal Executor Probe(int batchSize, PlanProbe probe) => Add(CreatePlan(batchSize, false, _store.Plan, probe));

    /// <summary>Passes for some shards of its batches; the caller disposes them, before the model.</summary>
    /// <param name="shards">How many.</param>
    /// <param name="meets">Whether they wait for each other within a pass.</param>
    internal ShardPasses CreateShards(int shards, bool meets) =>
        new(_store, _passes, shards, _threads, meets, (batchSize, training) => CreatePlan(batchSize, training, _store.Plan));

    private Plan CreatePlan(int batchSize, bool training, ParameterPlan? parameters = null, PlanProbe? probe = null) =>
        Planner.Create(Graph, new(batchSize, training, Precision, _exact, _planThreads, _smoothing, probe), parameters);

    private Executor ExecutorFor(int batchSize, bool training)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (!ThreadTeam.IsExecutor)
            return ExecutorFromElsewhere(batchSize, training);
        ObjectDisposedException.ThrowIf(_passes.IsDisposed, this);
        return _passes.Find(batchSize, training) ?? CreateExecutor(batchSize, training);
    }

    // Apart from the look-up, which every training step does: what a lambda captures is allocated where its method begins.
    private Executor ExecutorFromElsewhere(int batchSize, bool training)
    {
        Executor? executor = null;
        ThreadTeam.Invoke(() => executor = ExecutorFor(batchSize, training));
        return executor!;
    }

    private Executor CreateExecutor(int batchSize, bool training)
    {
        Plan? planned = _planned.Find(p => p.Options.BatchSize == batchSize && p.Options.IsTraining == training);
        _planned.RemoveAll(p => p == planned);
        return Add(planned ?? CreatePlan(batchSize, training, _store.Plan));
    }

    // The library makes kernels, and their scratch space, for the size of the caller's team: only the executor has the plan's.
    private Executor Add(Plan plan)
    {
        Executor? executor = null;
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(plan.Options.Threads);
            executor = _passes.Add(plan);
            UseTeam();
        });
        return executor!;
    }

    private int CountOf(ReadOnlySpan<float> images)
    {
        long elements = Graph.Input.Elements;
        return images.Length > 0 && images.Length % elements == 0 ? (int)(images.Length / elements)
            : throw new ArgumentException(
            $"Expected a multiple of {elements} values, one image of {Graph.Input}, got {images.Length}.",
            nameof(images));
    }

    private void Read(NativeBuffer arena, string name, Span<float> destination)
    {
        float[] values = new float[destination.Length];
        Invoke(() => _store.Read(_store.Plan.IndexOf(name), arena, values));
        values.CopyTo(destination);
    }

    internal void RequireTraining()
    {
        if (TrainingBatchSize == 0)
            throw new InvalidOperationException("The model was created for evaluation only: give it a training batch size.");
    }
}
