using System.Runtime.InteropServices;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Memory;
using Convolve.Training.Optimizers;

namespace Convolve.Training.Division;

/// <summary>
/// The whole network of a run whose ranks each have a part of it. Rank 0 begins with it and gives all ranks their parts, and joins them
/// again when something is saved, so that files are those of any other run.
/// </summary>
/// <remarks>
/// The part of a rank is a run of each parameter in plain order (<see cref="NetworkParts"/>). The other ranks serve while rank 0 saves:
/// it asks for what it needs, and then lets them go on.
/// </remarks>
internal sealed class WholeNetwork : IDisposable
{
    private const byte Released = 0, Asked = 1;
    private const int SwapBytes = 1 << 20, PieceBytes = 1 << 16; // pieces small enough for the garbage of the youngest generation
    private readonly byte[] _passing = new byte[SwapBytes];
    private readonly IGradientExchange _exchange;
    private readonly ParameterStore _part;
    private readonly NativeBuffer[] _parts; // weights, the optimizer's states, the mean of the weights
    private readonly NativeBuffer[] _whole = [];
    private bool _isCurrent;

    /// <param name="graph">The whole network.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="seed">Of its first weights.</param>
    /// <param name="part">This rank's part.</param>
    /// <param name="optimizer">Of the part.</param>
    /// <param name="average">Of the part; null where there is none.</param>
    /// <param name="exchange">Connects the ranks.</param>
    public WholeNetwork(Graph graph, ExecutionOptions options, ulong seed, Model part, Optimizer optimizer, WeightAverage? average,
        IGradientExchange exchange)
    {
        (_exchange, _part) = (exchange, part.Store);
        _parts = [part.Store.Weights, .. optimizer.States.Select(state => state.Arena),
            .. average is null ? (NativeBuffer[])[] : [average.Arena]];
        if (exchange.Rank > 0)
            return;
        Model = new(graph, options, 0, seed);
        _whole = new NativeBuffer[_parts.Length];
        try
        {
            _whole[0] = Model.Store.Weights;
            for (int i = 1; i < _whole.Length; i++)
                _whole[i] = new(Model.Store.Plan.Bytes, "a whole network's state");
        }
        catch
        {
            Dispose();
            throw;
        }
        if (Model.Store.Plan.Slots.Any(slot => !slot.Layout.IsPlain))
            throw new InvalidOperationException("The whole network isn't in plain order.");
        States = [.. optimizer.States.Select((state, i) => (state.Name, _whole[1 + i]))];
        Average = average is null ? null : _whole[^1];
        _isCurrent = true;
        BeginAverage();
    }

    /// <summary>On rank 0: the network, which evaluates alone.</summary>
    public Model? Model { get; }

    /// <summary>On rank 0: what the optimizer keeps for each weight.</summary>
    public IReadOnlyList<(string Name, NativeBuffer Arena)> States { get; } = [];

    /// <summary>On rank 0: the mean of the weights; null where there is none.</summary>
    public NativeBuffer? Average { get; }

    /// <summary>Memory on this rank.</summary>
    public long MemoryBytes => (Model?.MemoryBytes ?? 0) + _whole.Skip(1).Sum(buffer => buffer.Bytes);

    /// <summary>On rank 0: the mean of the weights begins with the weights that are there.</summary>
    public void BeginAverage()
    {
        if (Average is not null)
            _whole[0].CopyTo(Average);
    }

    /// <summary>The parts were changed.</summary>
    public void Invalidate() => _isCurrent = false;

    /// <summary>Gives every rank its part of all that rank 0 has; every rank comes here, on the executor thread.</summary>
    /// <param name="weightsOnly">Leaves out the optimizer's state and the mean.</param>
    public void Scatter(bool weightsOnly = false)
    {
        for (int arena = 0; arena < (weightsOnly ? 1 : _parts.Length); arena++)
            for (int slot = 0; slot < _part.Plan.Slots.Count; slot++)
                Scatter(slot, arena);
        _part.MarkChanged();
        _isCurrent = !weightsOnly;
    }

    /// <summary>On rank 0, while the others serve: brings what all ranks have together, unless it is already.</summary>
    public void Join()
    {
        if (_isCurrent)
            return;
        _exchange.Broadcast([Asked]);
        JoinAll();
        _isCurrent = true;
    }

    /// <summary>On the other ranks: gives rank 0 what it asks for, until it lets them go on.</summary>
    public void Serve()
    {
        Span<byte> word = [Released];
        while (true)
        {
            _exchange.Broadcast(word);
            if (word[0] == Released)
                return;
            JoinAll();
        }
    }

    /// <summary>On rank 0: lets the others go on.</summary>
    public void Release() => _exchange.Broadcast([Released]);

    /// <summary>What rank 0 answers, on all ranks.</summary>
    public bool Ask(bool answer)
    {
        Span<byte> word = [answer ? (byte)1 : (byte)0];
        _exchange.Broadcast(word);
        return word[0] != 0;
    }

    /// <summary>On rank 0: works with the weights that are kept, those of the mean where there is one.</summary>
    public void WithKept(Action work)
    {
        Join();
        SwapAverage();
        try
        {
            work();
        }
        finally
        {
            SwapAverage();
        }
    }

    public void Dispose()
    {
        foreach (NativeBuffer? buffer in _whole.Skip(1))
            buffer?.Dispose();
        Model?.Dispose();
    }

    private void Scatter(int slot, int arena) => _part.Write(slot, _parts[arena], (_, values) =>
    {
        Span<byte> own = MemoryMarshal.AsBytes(values);
        for (int rank = 0; rank < _exchange.Ranks; rank++)
            for (int at = 0; at < own.Length; at += _passing.Length)
            {
                int bytes = Math.Min(_passing.Length, own.Length - at);
                Span<byte> piece = Model is not null ? WholeBytes(slot, arena, (long)rank * own.Length + at, bytes)
                    : rank == _exchange.Rank ? own.Slice(at, bytes) : _passing.AsSpan(0, bytes);
                _exchange.Broadcast(piece);
                if (Model is not null && rank == _exchange.Rank)
                    piece.CopyTo(own[at..]);
            }
    });

    private void JoinAll()
    {
        for (int arena = 0; arena < _parts.Length; arena++)
            for (int slot = 0; slot < _part.Plan.Slots.Count; slot++)
                Join(slot, arena);
        Model?.Store.MarkChanged();
    }

    // All ranks read their parts in the same pieces.
    private void Join(int slot, int arena)
    {
        long count = _part.Plan.Slots[slot].Spec.Count * sizeof(float), done = 0;
        _part.Read(slot, _parts[arena], piece =>
        {
            ReadOnlySpan<byte> left = MemoryMarshal.AsBytes(piece);
            while (left.Length > 0)
            {
                ReadOnlySpan<byte> next = left[..Math.Min(PieceBytes, left.Length)];
                byte[][] all = _exchange.Gather(next);
                for (int rank = 0; Model is not null && rank < all.Length; rank++)
                    all[rank].CopyTo(WholeBytes(slot, arena, rank * count + done, next.Length));
                left = left[next.Length..];
                done += next.Length;
            }
        });
    }

    // A model that only evaluates keeps its parameters in plain order.
    private Span<byte> WholeBytes(int slot, int arena, long from, int bytes) =>
        _whole[arena].Span<byte>(Model!.Store.Plan.Slots[slot].Offset + from, bytes);

    private void SwapAverage()
    {
        if (Average is null)
            return;
        byte[] held = new byte[SwapBytes];
        for (long at = 0; at < Average.Bytes; at += SwapBytes)
        {
            int bytes = (int)Math.Min(SwapBytes, Average.Bytes - at);
            Span<byte> weights = _whole[0].Span<byte>(at, bytes), mean = Average.Span<byte>(at, bytes);
            weights.CopyTo(held);
            mean.CopyTo(weights);
            held.AsSpan(0, bytes).CopyTo(mean);
        }
        Model!.Store.MarkChanged();
    }
}
