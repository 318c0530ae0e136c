using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;

namespace Convolve.OneDnn;

/// <summary>
/// The sum of tensors in place of oneDNN 3's, which divides by the size of the first cache and ends the process where a virtual machine
/// keeps that a secret (decisions/0020).
/// </summary>
internal sealed class SumKernel : Kernel
{
    private readonly Sum _sum;
    private readonly string _label;
    private readonly nint[] _sources;
    private readonly List<NativeBuffer> _buffers = [];
    private nint _target;
    private TeamTask? _task;
    private bool _isDisposed;

    /// <exception cref="KernelLibraryException">There is nothing to add, or no numbers that can be added.</exception>
    public SumKernel(Sum sum, string label)
    {
        Status.Check(IsSupported(sum) ? Status.Success : Status.InvalidArguments, sum, label, "a sum");
        (_sum, _label, _sources) = (sum, label, new nint[sum.Count]);
    }

    ~SumKernel() => Dispose(false);

    /// <summary>What it would be; null for a type that it cannot add.</summary>
    public static KernelDescription? Describe(Sum sum) => !IsSupported(sum) ? null
        : new("own", Speed.Tuned, Parts.Arguments(sum).ToDictionary(argument => argument, _ => sum.Data), 0);

    public override void Bind(Argument argument, Layout layout, NativeBuffer buffer, long offset)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        nint address = buffer.At(offset, layout.Bytes);
        if (!layout.Equals(_sum.Data))
            throw new KernelLibraryException($"{_label}: expected {argument} as {_sum.Data}, got {layout}.");
        if (argument == Argument.Target)
            _target = address;
        else
            _sources[argument - Argument.FirstSource] = address;
        _buffers.Add(buffer); // keeps the memory alive as long as the kernel
    }

    public override void BindScratchpad(NativeBuffer buffer, long offset, long bytes)
    {
    }

    public override void Execute()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_task is null)
        {
            Status.Check(_target == 0 || _sources.Contains(0) ? Status.InvalidArguments : Status.Success, _sum, _label, "a sum");
            _task = new(new SumWork(_sum.Data.Type, _sources, _target, _sum.Data.Bytes));
        }
        ThreadTeam.Run(_task);
    }

    protected override void Dispose(bool disposing)
    {
        _task?.Dispose(); // it is kept alive for the threads until then
        _isDisposed = true;
    }

    private static bool IsSupported(Sum sum) =>
        sum is { Count: > 0, Data: { Type: ElementType.Float32 or ElementType.BFloat16, IsAny: false, IsOpaque: false } };
}
