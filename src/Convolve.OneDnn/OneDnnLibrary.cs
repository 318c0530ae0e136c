using System.Globalization;
using System.Runtime.InteropServices;
using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Machines;

namespace Convolve.OneDnn;

/// <summary>What oneDNN 2 and 3 have in common; each has its own descriptors and numbers.</summary>
internal abstract unsafe class OneDnnLibrary : IKernelLibrary
{
    private readonly int _major;
    private readonly nint _stream;

    private protected OneDnnLibrary(Version version, LayoutCodec codec)
    {
        (_major, Codec) = (version.Major, codec);
        Name = string.Create(CultureInfo.InvariantCulture, $"oneDNN {version}");
        InstructionSet = Isa.Of(Dnnl.dnnl_get_effective_cpu_isa(), RuntimeInformation.ProcessArchitecture);
        nint engine, stream;
        Status.Check(Dnnl.dnnl_engine_create(&engine, Numbers.CpuEngine.In(_major), 0));
        Status.Check(Dnnl.dnnl_stream_create(&stream, engine, (uint)Numbers.InOrderStream.In(_major)));
        (Engine, _stream) = (engine, stream); // one of each for the whole process: everything else must not outlive them
    }

    public string Name { get; }

    public InstructionSet InstructionSet { get; }

    public int Block => InstructionSet is >= InstructionSet.Avx512 and <= InstructionSet.Avx512BFloat16 ? 16 : 8;

    /// <summary>Between layouts and the library's descriptors.</summary>
    internal LayoutCodec Codec { get; }

    protected nint Engine { get; }

    /// <summary>Makes the library that is installed.</summary>
    /// <exception cref="KernelLibraryException">None is, or a version that is not known.</exception>
    public static OneDnnLibrary Load()
    {
        int* numbers = (int*)Dnnl.dnnl_version();
        Version version = new(numbers[0], numbers[1], numbers[2]);
        return version switch
        {
            { Major: 2, Minor: >= 6 } => new OneDnn2(version),
            { Major: 3 } => new OneDnn3(version),
            _ => throw new KernelLibraryException(
                $"oneDNN {version} is installed, but Convolve needs 2.6, 2.7 or 3.x. {NativePackage.KernelLibrary.AdviceHere}"),
        };
    }

    public virtual KernelDescription? Describe(Operation operation)
    {
        nint primitive = CreateDescriptor(operation, "");
        if (primitive == 0)
            return null;
        try
        {
            nint name;
            Status.Check(Dnnl.dnnl_primitive_desc_query(primitive, Numbers.ImplementationName.In(_major), 0, &name));
            Dictionary<Argument, Layout> layouts = [];
            foreach (Argument argument in Parts.Arguments(operation))
                layouts[argument] = argument == Argument.Workspace ? Query(primitive, Numbers.WorkspaceLayout, 0)
                    : Query(primitive, Numbers.ArgumentLayout, Codes.Of(argument));
            long scratchpad = Query(primitive, Numbers.ScratchpadLayout, 0).Bytes;
            string implementation = Marshal.PtrToStringUTF8(name) ?? "";
            return new(implementation, SpeedOf(implementation), layouts, scratchpad);
        }
        finally
        {
            _ = Dnnl.dnnl_primitive_desc_destroy(primitive);
        }
    }

    public virtual Kernel Compile(Operation operation, string label)
    {
        nint descriptor = CreateDescriptor(operation, label);
        if (descriptor == 0)
            throw new KernelLibraryException($"{label}: {Name} has no kernel for {operation} on this CPU ({InstructionSet}).");
        try
        {
            nint primitive;
            Status.Check(Dnnl.dnnl_primitive_create(&primitive, descriptor), operation, label);
            return new OneDnnKernel(primitive, Engine, _stream, Codec, Query(descriptor, Numbers.ScratchpadLayout, 0), operation, label);
        }
        finally
        {
            _ = Dnnl.dnnl_primitive_desc_destroy(descriptor);
        }
    }

    // Since 3.12, names may begin with the architecture: "x64:gemm:jit".
    internal static Speed SpeedOf(string implementation) => implementation switch
    {
        _ when implementation.StartsWith("x64:", StringComparison.Ordinal) => SpeedOf(implementation["x64:".Length..]),
        _ when implementation.Contains("ref", StringComparison.Ordinal) => Speed.Reference,
        _ when implementation.StartsWith("jit:uni", StringComparison.Ordinal) => Speed.Generic,
        _ when implementation.StartsWith("jit", StringComparison.Ordinal) || implementation.StartsWith("brg", StringComparison.Ordinal) =>
        Speed.Tuned,
        _ => Speed.Generic,
    };

    /// <summary>Makes a primitive descriptor of all operations but reorders; returns the library's status.</summary>
    protected abstract int Create(nint* primitive, Operation operation, Descriptors descriptors, nint attributes, nint hint);

    /// <summary>Has a function run on the results of a primitive; returns the library's status.</summary>
    protected abstract int Append(nint postOps, ElementwiseFunction function);

    private Layout Query(nint primitive, Number what, int index)
    {
        nint layout = Dnnl.dnnl_primitive_desc_query_md(primitive, what.In(_major), index);
        if (layout == 0)
            throw new KernelLibraryException($"{Name} has no layout for {what.Name}, argument {index}.");
        return Codec.Decode(layout);
    }

    // Returns 0 where the library has no implementation; the caller owns the handle.
    private nint CreateDescriptor(Operation operation, string label)
    {
        nint attributes, result = 0, hint = 0;
        Status.Check(Dnnl.dnnl_primitive_attr_create(&attributes));
        try
        {
            using Descriptors descriptors = new(Codec);
            Status.Check(Dnnl.dnnl_primitive_attr_set_scratchpad_mode(attributes, Numbers.UserScratchpad.In(_major)));
            if (Parts.Activation(operation) is { } activation)
                Fuse(attributes, activation);
            if (Parts.Hint(operation) is { } forward)
            {
                hint = CreateDescriptor(forward, label);
                if (hint == 0)
                    return 0;
            }
            int status = operation is Reorder o
                ? Dnnl.dnnl_reorder_primitive_desc_create(&result, descriptors[o.Source], Engine, descriptors[o.Target], Engine, attributes)
                : Create(&result, operation, descriptors, attributes, hint);
            if (status == Status.Unimplemented)
                return 0;
            Status.Check(status, operation, label, "primitive descriptor");
            return result;
        }
        finally
        {
            if (hint != 0)
                _ = Dnnl.dnnl_primitive_desc_destroy(hint);
            _ = Dnnl.dnnl_primitive_attr_destroy(attributes);
        }
    }

    private void Fuse(nint attributes, ElementwiseFunction activation)
    {
        nint postOps;
        Status.Check(Dnnl.dnnl_post_ops_create(&postOps));
        try
        {
            Status.Check(Append(postOps, activation));
            Status.Check(Dnnl.dnnl_primitive_attr_set_post_ops(attributes, postOps));
        }
        finally
        {
            _ = Dnnl.dnnl_post_ops_destroy(postOps);
        }
    }
}
