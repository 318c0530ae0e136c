using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>
/// Turns a graph into a plan: forward in the graph's order, the loss, then backward, each with the layouts that the kernels like best.
/// </summary>
internal sealed partial class Planner
{
    // Measured: to wake a team costs more than half of a pass of this size, which takes a tenth of a millisecond on one thread.
    private const long MultiplyAddsOfOneThread = 8_000_000;

    private readonly Graph _graph;
    private readonly PlanOptions _options;
    private readonly ParameterPlan? _given;
    private readonly IKernelLibrary _library;
    private readonly ElementType _type;
    private readonly List<Step> _steps = [];
    private readonly Dictionary<(Node, string), Layout> _masters = [];
    private readonly Dictionary<(Storage, Layout), Tensor> _copies = [];
    private readonly Fusion _fusion;
    private readonly Tensor?[] _outputs;
    private Phase _phase = Phase.Forward;

    private Planner(Graph graph, PlanOptions options, ParameterPlan? given, IKernelLibrary library)
    {
        (_graph, _options, _given, _library) = (graph, options, given, library);
        _type = options.Precision == Precision.BFloat16 ? ElementType.BFloat16 : ElementType.Float32;
        _fusion = new(graph, options);
        _outputs = new Tensor?[graph.Nodes.Count];
        _forwards = new Operation?[graph.Nodes.Count];
        _workspaces = new Tensor?[graph.Nodes.Count];
        _gradients = new List<Tensor>?[graph.Nodes.Count];
    }

    /// <summary>Plans a graph.</summary>
    /// <param name="graph">Its output must be a vector.</param>
    /// <param name="options">Batch size, direction, precision.</param>
    /// <param name="parameters">Where the weights are already; null lets this plan choose.</param>
    /// <exception cref="NetworkException">The output is not a vector, or the batch is empty or too large.</exception>
    /// <exception cref="KernelLibraryException">The library has no kernel for a layer.</exception>
    public static Plan Create(Graph graph, PlanOptions options, ParameterPlan? parameters = null)
    {
        if (!graph.Output.IsVector)
            throw new NetworkException(
                $"The network \"{graph.Name}\" ends in an image of {graph.Output}, but a classifier ends in a vector of logits. Add " +
                $"Flatten() and Linear(classes).");
        if (options.BatchSize < 1 || options.Threads < 1)
            throw new NetworkException(
                $"The batch size and the number of threads must be at least 1, got {options.BatchSize} and {options.Threads}.");
        // The kernels count the elements of a tensor in 32 bits.
        Node largest = graph.Nodes.MaxBy(n => n.Output.Elements)!;
        long most = int.MaxValue / largest.Output.Elements;
        if (most == 0)
            throw new NetworkException(
                $"{graph.Name} is too large for one image of {graph.Input}: \"{largest.Name}\" has " +
                $"{Format.Count(largest.Output.Elements)} values, {Format.Bytes(largest.Output.Elements * sizeof(float))}, and a tensor " +
                $"may have at most {Format.Count(int.MaxValue)}. Use a smaller input.");
        if (options.BatchSize > most)
            throw new NetworkException(
                $"{graph.Name} at batch size {options.BatchSize} has tensors of more than {int.MaxValue} elements. The largest batch " +
                $"size is {most}.");
        int asked = options.Threads;
        if (!options.IsTraining && graph.MultiplyAdds * options.BatchSize <= MultiplyAddsOfOneThread)
            options = options with { Threads = 1 };
        // The library chooses kernels, and their scratch space, for the size of the caller's team: only the executor's is the plan's.
        Plan? plan = null;
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(options.Threads);
            plan = new Planner(graph, options, parameters, KernelLibrary.Current).Create();
            ThreadTeam.Resize(asked); // a small pass leaves the team as large as it found it
        });
        return plan!;
    }

    private long Batch => _options.BatchSize;

    private Plan Create()
    {
        Tensor input = Forward();
        Node last = LogitsNode;
        Tensor logits = As(last, _outputs[last.Index]!, Layout.Plain(ElementType.Float32, Sizes(last.Output)), "logits"), output = logits;
        List<Tensor> kept = KeptOutputs();
        if (_options.GoesBack)
            Backward(logits);
        else if (last != _graph.Nodes[^1])
            output = LowerSoftmax(_graph.Nodes[^1], logits, ElementType.Float32);
        ParameterPlan parameters = _given ?? ParameterPlan.Create(_graph, MasterOf);
        ProbeTensors probe = new(kept, _logitGradient, KeptGradient());
        List<Storage> storages = Lifetimes(input, [logits, output, .. probe.All]);
        foreach (Storage storage in storages.Where(s => s.Region is Region.Parameters or Region.Gradients))
            storage.Offset = parameters.Slots[storage.Parameter].Offset;
        long arena = MemoryPlanner.Place(storages.Where(s => s.Region == Region.Arena));
        return new(_graph, _options, parameters, _steps, input, logits, output, storages, arena, probe);
    }

    private List<Storage> Lifetimes(Tensor input, IEnumerable<Tensor> results)
    {
        HashSet<Storage> seen = [.. results.Select(result => result.Storage)];
        foreach (Storage result in seen)
            result.Touch(_steps.Count);
        seen.Add(input.Storage);
        input.Storage.Touch(-1);
        _logitGradient?.Storage.Touch(-1);
        for (int i = 0; i < _steps.Count; i++)
        {
            foreach (Storage storage in _steps[i].Uses.Select(u => u.Tensor.Storage).Concat(_steps[i].Scratchpad is { } s ? [s] : []))
            {
                storage.Touch(i);
                seen.Add(storage);
            }
        }
        return [.. seen.OrderBy(s => s.First)];
    }

    // Parameters -----------------------------------------------------------------------------------------------------------------------

    private int ParameterIndex(Node node, string name)
    {
        int index = 0;
        foreach (Node other in _graph.Nodes)
            foreach (ParameterSpec spec in other.State)
            {
                if (other == node && spec.Name == name)
                    return index;
                index++;
            }
        throw new InvalidOperationException($"{node.Name} has no {name}.");
    }

    private Layout MasterOf(Node node, ParameterSpec spec) =>
        _masters.TryGetValue((node, spec.Name), out Layout? layout) ? layout
            : Layout.Plain(ElementType.Float32, ParameterSizes(node, spec));

    /// <summary>The master layout of a parameter: as given by an earlier plan, or as this one has chosen.</summary>
    private Layout Master(Node node, string name) => _given is not null
        ? _given.Slots[ParameterIndex(node, name)].Layout
        : MasterOf(node, node.State.First(p => p.Name == name));

    private static long[] ParameterSizes(Node node, ParameterSpec spec) => node.Layer is Conv2d { Groups: > 1 } conv
        && spec.Role == ParameterRole.Weight
        ? [conv.Groups, conv.Filters / conv.Groups, .. spec.Shape.Skip(1).Select(s => (long)s)]
        : [.. spec.Shape.Select(s => (long)s)];

    private readonly Dictionary<(int, Region), Storage> _parameterStorages = [];

    private Tensor Parameter(Node node, string name, Region region = Region.Parameters)
    {
        int index = ParameterIndex(node, name);
        Layout layout = Master(node, name);
        if (!_parameterStorages.TryGetValue((index, region), out Storage? storage))
            _parameterStorages[(index, region)] = storage = new($"{node.Name}.{name}", region, layout.Bytes, index);
        return new(storage, layout);
    }

    /// <summary>
    /// A parameter in the layout and type that a kernel wants: the master itself, or a copy that is rewritten when it changes.
    /// </summary>
    private Tensor ParameterAs(Node node, string name, Layout wanted)
    {
        Tensor master = Parameter(node, name);
        if (master.Layout.Equals(wanted))
            return master;
        if (!_copies.TryGetValue((master.Storage, wanted), out Tensor? copy))
            _copies[(master.Storage, wanted)] = copy =
                new(new(master.Storage.Name, Region.WeightCopies, wanted.Bytes, master.Storage.Parameter), wanted);
        return copy;
    }

    // Steps and tensors ----------------------------------------------------------------------------------------------------------------

    private static Tensor NewTensor(string name, Layout layout) => new(new(name, Region.Arena, layout.Bytes), layout);

    private long[] Sizes(Shape shape) => shape.IsVector ? [Batch, shape.Channels] : [Batch, shape.Channels, shape.Height, shape.Width];

    private Layout Any(Shape shape) => Layout.Any(_type, Sizes(shape));

    private Layout Plain(Shape shape) => Layout.Plain(_type, Sizes(shape));

    /// <summary>What the own kernels work on.</summary>
    private Layout Blocked(Shape image) => Blocked(image, Pixel.Channels);

    private Layout Blocked(Shape image, int block) => Layout.Blocked(_type, block, Sizes(image));

    private int LibraryBlock => _library.Block;

    private void Emit(Node node, string name, Operation operation, KernelDescription description, params Use[] uses)
    {
        if (!TryEmitShares(node.Name, name, operation, description, uses))
            Emit(node, name, new NativeWork(operation, description.Implementation), description.ScratchpadBytes, uses);
    }

    private void Emit(Node node, string name, Work work, long scratchpadBytes, params Use[] uses) =>
        _steps.Add(new(node.Name, name, _phase, work, uses,
            scratchpadBytes > 0 ? new($"{node.Name} {name} scratchpad", Region.Arena, scratchpadBytes) : null));

    /// <summary>The tensor in another layout: itself, or a copy by a separate step.</summary>
    private Tensor As(Node node, Tensor tensor, Layout wanted, string name = "reorder")
    {
        if (tensor.Layout.Equals(wanted))
            return tensor;
        Tensor target = NewTensor($"{tensor.Storage.Name} as {wanted.Format}", wanted);
        Reorder operation = new(tensor.Layout, wanted);
        Emit(node, name, operation, Required(operation, node), new(Argument.Source, tensor, Access.Read),
            new(Argument.Target, target, Access.Write));
        return target;
    }

    /// <summary>
    /// The same for weights and their gradients, which own kernels move: a training's result is nowhere in a library's hands.
    /// </summary>
    private Tensor WeightsAs(Node node, Tensor tensor, Layout wanted, string name)
    {
        if (tensor.Layout.Equals(wanted))
            return tensor;
        Tensor target = NewTensor($"{tensor.Storage.Name} as {wanted.Format}", wanted);
        CopyWeights(node, tensor, target, name);
        return target;
    }

    private void CopyWeights(Node node, Tensor source, Tensor target, string name) =>
        Emit(node, name, new WeightsCopyWork(), 0, new(Argument.Source, source, Access.Read), new(Argument.Target, target, Access.Write));

    private KernelDescription Required(Operation operation, Node node) => _library.Describe(operation)
        ?? throw new KernelLibraryException(
        $"{node.Layer} \"{node.Name}\": {_library.Name} has no kernel for {operation} on this CPU ({_library.InstructionSet}).");

    private static Speed SpeedOf(KernelDescription? description) => description?.Speed ?? Speed.None;
}
