using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Contract;

/// <summary>An operation on own kernels: one phase after another, each in as many shares as the team has threads.</summary>
/// <param name="implementation">Its name in plans.</param>
/// <param name="speed">How fast it is.</param>
/// <param name="phases">A phase begins when the one before has ended in all threads.</param>
internal abstract class TeamKernel(string implementation, Speed speed, int phases = 1) : Kernel
{
    private readonly Dictionary<Argument, Layout> _layouts = [];
    private readonly Dictionary<Argument, nint> _addresses = [];
    private readonly List<NativeBuffer> _buffers = [];
    private readonly int _threads = ThreadTeam.Threads;
    private TeamTask[] _tasks = [];
    private nint _scratchpad;
    private bool _isDisposed;

    /// <summary>What the planner sees.</summary>
    public KernelDescription Description => new(implementation, speed, _layouts, ScratchpadBytes)
    {
        RunsInShares = true,
        KeepsNaN = true,
    };

    /// <summary>The layer; errors name it.</summary>
    public string Label { get; set; } = "";

    public sealed override void Bind(Argument argument, Layout layout, NativeBuffer buffer, long offset)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_layouts.TryGetValue(argument, out Layout? known) || !known.Equals(layout))
            throw new KernelLibraryException($"{Label}: {argument} is {known?.ToString() ?? "unknown"} in {implementation}, got {layout}.");
        _addresses[argument] = buffer.At(offset, layout.Bytes);
        _buffers.Add(buffer); // keeps the memory alive as long as the kernel
    }

    public sealed override void BindScratchpad(NativeBuffer buffer, long offset, long bytes)
    {
        if (ScratchpadBytes > bytes)
            throw new ArgumentOutOfRangeException(nameof(bytes),
                $"{Label} needs a scratchpad of {ScratchpadBytes} bytes, but {bytes} were planned.");
        if (ScratchpadBytes == 0)
            return;
        _scratchpad = buffer.At(offset, ScratchpadBytes);
        _buffers.Add(buffer);
    }

    public sealed override void Execute()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_tasks.Length == 0)
        {
            RequireBound();
            _tasks = [.. Enumerable.Range(0, phases).Select(phase => new TeamTask(new Phase(this, phase)))];
        }
        foreach (TeamTask task in _tasks)
            ThreadTeam.Run(task);
    }

    protected sealed override void Dispose(bool disposing)
    {
        _isDisposed = true;
        foreach (TeamTask task in _tasks)
            task.Dispose();
        _tasks = [];
    }

    /// <summary>Of all threads.</summary>
    protected virtual long ScratchpadBytes => 0;

    /// <summary>The threads that the scratchpad was planned for.</summary>
    protected int Threads => _threads;

    /// <summary>Says what an argument looks like; in the constructor.</summary>
    protected void Has(Argument argument, Layout layout) => _layouts[argument] = layout;

    /// <summary>Where an argument is.</summary>
    protected nint At(Argument argument) => _addresses[argument];

    /// <summary>Where the scratchpad is, and this many bytes on.</summary>
    protected nint Scratch(long bytes = 0) => _scratchpad + (nint)bytes;

    /// <summary>Does a share of a phase.</summary>
    protected abstract void Run(int phase, int thread, int threads);

    /// <summary>Before the first run: everything is bound.</summary>
    private void RequireBound()
    {
        foreach (Argument argument in _layouts.Keys)
            if (!_addresses.ContainsKey(argument))
                throw new KernelLibraryException($"{Label}: {argument} of {implementation} is not bound.");
        if (ScratchpadBytes > 0 && _scratchpad == 0)
            throw new KernelLibraryException($"{Label}: the scratchpad of {implementation} is not bound.");
    }

    private sealed class Phase(TeamKernel kernel, int phase) : ITeamWork
    {
        public void Run(int thread, int threads)
        {
            if (threads > kernel._threads)
                throw new InvalidOperationException(
                    $"{kernel.Label} was planned for {kernel._threads} threads, got {threads}.");
            kernel.Run(phase, thread, threads);
        }
    }
}
