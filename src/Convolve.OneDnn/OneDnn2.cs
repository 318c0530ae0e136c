using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Machines;

namespace Convolve.OneDnn;

/// <summary>oneDNN 2.6 and 2.7.</summary>
internal sealed unsafe class OneDnn2 : IKernelLibrary
{
    private const int Success = 0, Unimplemented = 3, CpuEngine = 1, InOrderStream = 1, UserScratchpad = 1;
    private const int ForwardTraining = 64, ForwardInference = 96, ImplementationName = 8, WorkspaceLayout = 135, ScratchpadLayout = 136,
        ArgumentLayout = 255;
    private readonly nint _engine, _stream;

    public OneDnn2()
    {
        int* version = (int*)Dnnl.dnnl_version();
        if (version[0] != 2 || version[1] < 6)
            throw new KernelLibraryException(
                $"oneDNN {version[0]}.{version[1]} is installed, but 2.6 or 2.7 is needed. Install Debian's libdnnl2.");
        Name = string.Create(CultureInfo.InvariantCulture, $"oneDNN {version[0]}.{version[1]}.{version[2]}");
        InstructionSet = IsaOf(Dnnl.dnnl_get_effective_cpu_isa());
        nint engine, stream;
        Check(Dnnl.dnnl_engine_create(&engine, CpuEngine, 0));
        Check(Dnnl.dnnl_stream_create(&stream, engine, InOrderStream));
        (_engine, _stream) = (engine, stream); // one of each for the whole process: everything else must not outlive them
    }

    public string Name { get; }

    public InstructionSet InstructionSet { get; }

    public int Block => InstructionSet >= InstructionSet.Avx512 ? 16 : 8;

    public KernelDescription? Describe(Operation operation)
    {
        nint descriptor = CreateDescriptor(operation, "");
        if (descriptor == 0)
            return null;
        try
        {
            nint name;
            Check(Dnnl.dnnl_primitive_desc_query(descriptor, ImplementationName, 0, &name));
            Dictionary<Argument, Layout> layouts = [];
            foreach (Argument argument in Arguments(operation))
                layouts[argument] = argument == Argument.Workspace ? Query(descriptor, WorkspaceLayout, 0)
                    : Query(descriptor, ArgumentLayout, LayoutCodec.CodeOf(argument));
            long scratchpad = Query(descriptor, ScratchpadLayout, 0).Bytes;
            string implementation = Marshal.PtrToStringUTF8(name) ?? "";
            return new(implementation, SpeedOf(implementation), layouts, scratchpad);
        }
        finally
        {
            _ = Dnnl.dnnl_primitive_desc_destroy(descriptor);
        }
    }

    public Kernel Compile(Operation operation, string label)
    {
        nint descriptor = CreateDescriptor(operation, label);
        if (descriptor == 0)
            throw new KernelLibraryException($"{label}: {Name} has no kernel for {operation} on this CPU ({InstructionSet}).");
        try
        {
            nint primitive;
            Check(Dnnl.dnnl_primitive_create(&primitive, descriptor), operation, label);
            Layout scratchpad = Query(descriptor, ScratchpadLayout, 0);
            return new OneDnn2Kernel(primitive, _engine, _stream, scratchpad, operation, label);
        }
        finally
        {
            _ = Dnnl.dnnl_primitive_desc_destroy(descriptor);
        }
    }

    internal static void Check(int status, Operation? operation = null, string label = "",
        [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != Success)
            Fail(status, operation, label, call);
    }

    private static void Fail(int status, Operation? operation, string label, string call)
    {
        string reason = status switch
        {
            1 => "out of memory",
            2 => "invalid arguments",
            3 => "not implemented on this CPU",
            5 => "failed while running",
            _ => string.Create(CultureInfo.InvariantCulture, $"status {status}"),
        };
        throw new KernelLibraryException(
            $"{(label.Length > 0 ? label + ": " : "")}oneDNN reported \"{reason}\" for " +
            $"{call.Split('(')[0]}{(operation is null ? "" : $" for {operation}")}.");
    }

    internal static Speed SpeedOf(string implementation) => implementation switch
    {
        _ when implementation.Contains("ref", StringComparison.Ordinal) => Speed.Reference,
        _ when implementation.StartsWith("jit:uni", StringComparison.Ordinal) => Speed.Generic,
        _ when implementation.StartsWith("jit", StringComparison.Ordinal) || implementation.StartsWith("brg", StringComparison.Ordinal) =>
        Speed.Tuned,
        _ => Speed.Generic,
    };

    private static Layout Query(nint descriptor, int what, int index)
    {
        byte* layout = Dnnl.dnnl_primitive_desc_query_md(descriptor, what, index);
        if (layout == null)
            throw new KernelLibraryException($"oneDNN has no layout for query {what}, argument {index}.");
        return LayoutCodec.Decode(layout);
    }

    private static IEnumerable<Argument> Arguments(Operation operation) => operation switch
    {
        ConvolutionForward o => With([Argument.Source, Argument.Weights, Argument.Target], o.Bias, Argument.Bias),
        ConvolutionBackwardData => [Argument.DiffSource, Argument.Weights, Argument.DiffTarget],
        ConvolutionBackwardWeights o => With([Argument.Source, Argument.DiffWeights, Argument.DiffTarget], o.DiffBias, Argument.DiffBias),
        InnerProductForward o => With([Argument.Source, Argument.Weights, Argument.Target], o.Bias, Argument.Bias),
        InnerProductBackwardData => [Argument.DiffSource, Argument.Weights, Argument.DiffTarget],
        InnerProductBackwardWeights o => With([Argument.Source, Argument.DiffWeights, Argument.DiffTarget], o.DiffBias, Argument.DiffBias),
        PoolingForward o => o is { IsTraining: true, Kind: PoolingKind.Max } ? [Argument.Source, Argument.Target, Argument.Workspace]
        : [Argument.Source, Argument.Target],
        PoolingBackward o => o.Forward.Kind == PoolingKind.Max ? [Argument.DiffSource, Argument.DiffTarget, Argument.Workspace]
        : [Argument.DiffSource, Argument.DiffTarget],
        ElementwiseForward => [Argument.Source, Argument.Target],
        ResamplingForward => [Argument.Source, Argument.Target],
        ResamplingBackward => [Argument.DiffSource, Argument.DiffTarget],
        ElementwiseBackward o => [o.Function.DerivesFromInput ? Argument.Source : Argument.Target, Argument.DiffTarget,
        Argument.DiffSource],
        Reorder => [Argument.Source, Argument.Target],
        Sum o => [Argument.Target, .. Enumerable.Range(0, o.Count).Select(i => Argument.FirstSource + i)],
        _ => throw new NotSupportedException($"No arguments are known for {operation}."),
    };

    private static IEnumerable<Argument> With(Argument[] always, Layout? bias, Argument argument) => bias is null ? always
        : always.Append(argument);

    // Returns 0 where the library has no implementation; the caller owns the handle.
    private nint CreateDescriptor(Operation operation, string label)
    {
        nint attributes, result = 0;
        Check(Dnnl.dnnl_primitive_attr_create(&attributes));
        nint hint = 0;
        try
        {
            Check(Dnnl.dnnl_primitive_attr_set_scratchpad_mode(attributes, UserScratchpad));
            if (ActivationOf(operation) is { } activation)
                Fuse(attributes, activation);
            int status;
            if (operation is Reorder reorder)
            {
                fixed (byte* source = LayoutCodec.Encode(reorder.Source), target = LayoutCodec.Encode(reorder.Target))
                    status = Dnnl.dnnl_reorder_primitive_desc_create(&result, source, _engine, target, _engine, attributes);
            }
            else if (operation is Sum sum)
            {
                status = CreateSum(sum, attributes, &result);
            }
            else
            {
                if (HintOf(operation) is { } forward)
                {
                    hint = CreateDescriptor(forward, label);
                    if (hint == 0)
                        return 0;
                }
                byte* description = stackalloc byte[Dnnl.OperationDescriptorBytes];
                status = OperationDescriptor.Fill(description, operation);
                if (status == Success)
                    status = Dnnl.dnnl_primitive_desc_create(&result, description, attributes, _engine, hint);
            }
            if (status == Unimplemented)
                return 0;
            Check(status, operation, label, "primitive descriptor");
            return result;
        }
        finally
        {
            if (hint != 0)
                _ = Dnnl.dnnl_primitive_desc_destroy(hint);
            _ = Dnnl.dnnl_primitive_attr_destroy(attributes);
        }
    }

    private int CreateSum(Sum sum, nint attributes, nint* result)
    {
        byte[] data = LayoutCodec.Encode(sum.Data), sources = new byte[sum.Count * Dnnl.MemoryDescriptorBytes];
        float[] scales = new float[sum.Count];
        for (int i = 0; i < sum.Count; i++)
        {
            data.CopyTo(sources.AsSpan(i * Dnnl.MemoryDescriptorBytes));
            scales[i] = 1;
        }
        fixed (byte* source = sources, target = data)
        fixed (float* scale = scales)
            return Dnnl.dnnl_sum_primitive_desc_create(result, target, sum.Count, scale, source, attributes, _engine);
    }

    private static ElementwiseFunction? ActivationOf(Operation operation) => operation switch
    {
        ConvolutionForward o => o.Activation,
        InnerProductForward o => o.Activation,
        _ => null,
    };

    private static Operation? HintOf(Operation operation) => operation switch
    {
        ConvolutionBackwardData o => o.Forward,
        ConvolutionBackwardWeights o => o.Forward,
        InnerProductBackwardData o => o.Forward,
        InnerProductBackwardWeights o => o.Forward,
        PoolingBackward o => o.Forward,
        ElementwiseBackward o => new ElementwiseForward(o.Function, o.Data),
        ResamplingBackward o => o.Forward,
        _ => null,
    };

    private static void Fuse(nint attributes, ElementwiseFunction activation)
    {
        nint postOps;
        Check(Dnnl.dnnl_post_ops_create(&postOps));
        try
        {
            Check(Dnnl.dnnl_post_ops_append_eltwise(postOps, 1, OperationDescriptor.ForwardAlgorithm(activation), activation.Alpha, 0));
            Check(Dnnl.dnnl_primitive_attr_set_post_ops(attributes, postOps));
        }
        finally
        {
            _ = Dnnl.dnnl_post_ops_destroy(postOps);
        }
    }

    private static InstructionSet IsaOf(int isa) => isa switch
    {
        _ when (isa & 0xE7) == 0xE7 => InstructionSet.Avx512BFloat16,
        _ when (isa & 0x67) == 0x67 => InstructionSet.Avx512Vnni,
        _ when (isa & 0x27) == 0x27 => InstructionSet.Avx512,
        _ when (isa & 0x7) == 0x7 => InstructionSet.Avx2,
        _ when (isa & 0x3) == 0x3 => InstructionSet.Avx,
        _ => InstructionSet.Sse41,
    };

    internal static int Propagation(bool training) => training ? ForwardTraining : ForwardInference;
}
