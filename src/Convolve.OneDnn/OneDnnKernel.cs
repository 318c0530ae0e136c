using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;

namespace Convolve.OneDnn;

/// <summary>A primitive of oneDNN with its bound memory objects.</summary>
internal sealed unsafe class OneDnnKernel : Kernel
{
    private readonly nint _engine, _stream;
    private readonly LayoutCodec _codec;
    private readonly Layout _scratchpad;
    private readonly Operation _operation;
    private readonly string _label;
    private readonly List<NativeBuffer> _buffers = [];
    private Dnnl.ExecutionArgument[] _arguments = [];
    private nint _primitive;
    private bool _lacksScratchpad;

    internal OneDnnKernel(nint primitive, nint engine, nint stream, LayoutCodec codec, Layout scratchpad, Operation operation,
        string label)
    {
        (_primitive, _engine, _stream, _codec) = (primitive, engine, stream, codec);
        (_scratchpad, _operation, _label) = (scratchpad, operation, label);
        _lacksScratchpad = scratchpad.Bytes > 0; // the library would write to address 0
    }

    ~OneDnnKernel() => Dispose(false);

    public override void Bind(Argument argument, Layout layout, NativeBuffer buffer, long offset)
    {
        ObjectDisposedException.ThrowIf(_primitive == 0, this);
        nint memory, address = buffer.At(offset, layout.Bytes);
        using Descriptors descriptors = new(_codec);
        Status.Check(Dnnl.dnnl_memory_create(&memory, descriptors[layout], _engine, address), _operation, _label);
        _arguments = [.. _arguments, new() { Argument = Codes.Of(argument), Memory = memory }];
        _buffers.Add(buffer); // keeps the memory alive as long as the kernel
    }

    public override void BindScratchpad(NativeBuffer buffer, long offset, long bytes)
    {
        if (_scratchpad.Bytes > bytes)
            throw new ArgumentOutOfRangeException(nameof(bytes),
                $"{_label} needs a scratchpad of {_scratchpad.Bytes} bytes, but {bytes} were planned.");
        if (_scratchpad.Bytes > 0)
            Bind(Argument.Scratchpad, _scratchpad, buffer, offset);
        _lacksScratchpad = false;
    }

    public override void Execute()
    {
        ObjectDisposedException.ThrowIf(_primitive == 0, this);
        if (_lacksScratchpad)
            throw new KernelLibraryException($"{_label} needs a scratchpad of {_scratchpad.Bytes} bytes, but none was bound.");
        fixed (Dnnl.ExecutionArgument* arguments = _arguments)
            Status.Check(Dnnl.dnnl_primitive_execute(_primitive, _stream, _arguments.Length, arguments), _operation, _label);
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
