using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;

namespace Convolve.OneDnn;

/// <summary>A primitive of oneDNN 2.x with its bound memory objects.</summary>
internal sealed unsafe class OneDnn2Kernel : Kernel
{
    private readonly nint _engine, _stream;
    private readonly Layout _scratchpad;
    private readonly Operation _operation;
    private readonly string _label;
    private readonly List<NativeBuffer> _buffers = [];
    private Dnnl.ExecutionArgument[] _arguments = [];
    private nint _primitive;

    internal OneDnn2Kernel(nint primitive, nint engine, nint stream, Layout scratchpad, Operation operation, string label) =>
        (_primitive, _engine, _stream, _scratchpad, _operation, _label) = (primitive, engine, stream, scratchpad, operation, label);

    ~OneDnn2Kernel() => Dispose(false);

    public override void Bind(Argument argument, Layout layout, NativeBuffer buffer, long offset)
    {
        ObjectDisposedException.ThrowIf(_primitive == 0, this);
        nint memory, address = buffer.At(offset, layout.Bytes);
        fixed (byte* descriptor = LayoutCodec.Encode(layout))
            OneDnn2.Check(Dnnl.dnnl_memory_create(&memory, descriptor, _engine, address), _operation, _label);
        _arguments = [.. _arguments, new() { Argument = LayoutCodec.CodeOf(argument), Memory = memory }];
        _buffers.Add(buffer); // keeps the memory alive as long as the kernel
    }

    public override void BindScratchpad(NativeBuffer buffer, long offset, long bytes)
    {
        if (_scratchpad.Bytes > bytes)
            throw new ArgumentOutOfRangeException(nameof(bytes),
                $"{_label} needs a scratchpad of {_scratchpad.Bytes} bytes, but {bytes} were planned.");
        if (_scratchpad.Bytes > 0)
            Bind(Argument.Scratchpad, _scratchpad, buffer, offset);
    }

    public override void Execute()
    {
        ObjectDisposedException.ThrowIf(_primitive == 0, this);
        fixed (Dnnl.ExecutionArgument* arguments = _arguments)
            OneDnn2.Check(Dnnl.dnnl_primitive_execute(_primitive, _stream, _arguments.Length, arguments), _operation, _label);
    }

    protected override void Dispose(bool disposing)
    {
        if (_primitive == 0)
            return;
        foreach (Dnnl.ExecutionArgument argument in _arguments)
            _ = Dnnl.dnnl_memory_destroy(argument.Memory);
        _ = Dnnl.dnnl_primitive_destroy(_primitive);
        _primitive = 0;
    }
}
