using Convolve.Kernels.Memory;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>
/// The passes of a model that are bound to its arena: the few last used of training and of evaluation each. On the executor thread only.
/// </summary>
/// <remarks>
/// A pass whose kernels were released is not lost: if somebody still holds it, its next run binds it again. The arena stays at its
/// address while it grows, so that kernels and windows stay valid.
/// </remarks>
/// <param name="store">The parameters.</param>
/// <param name="arena">Activations.</param>
/// <param name="seed">Decides the dropout masks.</param>
/// <param name="classWeights">How much each class counts in the loss; null for the same throughout.</param>
/// <param name="gradients">
/// Where training passes leave gradients, and running statistics as well: those of a shard; null for the model's own, and the statistics
/// where the weights are. The caller owns it, and then the arena too.
/// </param>
internal sealed class ExecutorCache(ParameterStore store, NativeBuffer arena, ulong seed, float[]? classWeights = null,
    NativeBuffer? gradients = null) : IDisposable
{
    /// <summary>Passes of a kind that keep their kernels.</summary>
    public const int MostOfAKind = 16;

    private readonly List<Executor> _bound = [];
    private readonly List<NativeBuffer> _outgrown = [];
    private long _uses;

    public ParameterStore Store => store;

    public NativeBuffer Arena { get; private set; } = arena;

    /// <summary>Of a shard: where its gradients go, and its running statistics; null for the model's places.</summary>
    public NativeBuffer? ShardGradients => gradients;

    /// <summary>Connects the ranks of a model-parallel run; null where the network is whole.</summary>
    public IGradientExchange? Exchange { get; init; }

    public ulong Seed => seed;

    public float[]? ClassWeights => classWeights;

    public bool IsDisposed { get; private set; }

    /// <summary>Passes that have their kernels at the moment.</summary>
    public int Count => _bound.Count;

    /// <summary>A pass that exists already.</summary>
    public Executor? Find(int batchSize, bool training)
    {
        foreach (Executor pass in _bound)
            if (pass.BatchSize == batchSize && pass.Plan.Options is { Probe: null } options && options.IsTraining == training)
                return pass;
        return null;
    }

    /// <summary>Creates a pass, and makes room for it.</summary>
    public Executor Add(Plan plan)
    {
        if (plan.ArenaBytes > Arena.Bytes && !Arena.TryGrow(plan.ArenaBytes))
            Move(plan.ArenaBytes);
        Executor pass = new(plan, this);
        Use(pass);
        return pass;
    }

    /// <summary>Notes that a pass is used, and binds its kernels if they aren't.</summary>
    public void Use(Executor pass)
    {
        pass.LastUse = ++_uses;
        if (!pass.IsBound)
            Bind(pass);
    }

    // Apart: what a lambda captures is allocated where its method begins.
    private void Bind(Executor pass)
    {
        bool training = pass.Plan.Options.IsTraining;
        if (_bound.Count(other => other.Plan.Options.IsTraining == training) >= MostOfAKind)
        {
            Executor oldest = _bound.Where(other => other.Plan.Options.IsTraining == training).MinBy(other => other.LastUse)!;
            _bound.Remove(oldest);
            oldest.Release();
        }
        pass.Bind();
        _bound.Add(pass);
    }

    public void Remove(Executor pass)
    {
        _bound.Remove(pass);
        pass.Release();
    }

    public void Dispose()
    {
        IsDisposed = true;
        _bound.ForEach(pass => pass.Release());
        _bound.Clear();
        if (gradients is null || _outgrown.Count > 0)
            Arena.Dispose();
        foreach (NativeBuffer buffer in gradients is null ? _outgrown : _outgrown.Skip(1))
            buffer.Dispose();
    }

    // Only where the system does not reserve addresses ahead. Somebody may still read the old arena, so it lives as long as the model.
    private void Move(long bytes)
    {
        NativeBuffer larger = new(bytes, "activations");
        _bound.ForEach(pass => pass.Release());
        _bound.Clear();
        _outgrown.Add(Arena);
        Arena = larger;
    }
}
