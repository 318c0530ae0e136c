using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Machines;

namespace Convolve.Kernels.Managed;

/// <summary>
/// Own kernels, and a native library beside them where it is faster: for bfloat16 on processors that multiply it, which .NET cannot ask for.
/// The rule looks at the operation alone, so the same plan comes out at every run.
/// </summary>
internal sealed class CompositeLibrary(IKernelLibrary own, IKernelLibrary accelerator) : IKernelLibrary
{
    private readonly bool _hasBFloat16 = accelerator.InstructionSet == InstructionSet.Avx512BFloat16 && own.Block == accelerator.Block;

    public string Name => _hasBFloat16 ? $"{own.Name}, {accelerator.Name} for bfloat16" : own.Name;

    public InstructionSet InstructionSet => _hasBFloat16 ? accelerator.InstructionSet : own.InstructionSet;

    public int Block => own.Block;

    public KernelDescription? Describe(Operation operation) => For(operation).Describe(operation);

    public Kernel Compile(Operation operation, string label) => For(operation).Compile(operation, label);

    private IKernelLibrary For(Operation operation) => _hasBFloat16 && IsBFloat16(operation) ? accelerator : own;

    private static bool IsBFloat16(Operation operation) => operation switch
    {
        ConvolutionForward o => IsHalf(o.Source),
        ConvolutionBackwardData o => IsHalf(o.DiffTarget),
        ConvolutionBackwardWeights o => IsHalf(o.Source),
        InnerProductForward o => IsHalf(o.Source),
        InnerProductBackwardData o => IsHalf(o.DiffTarget),
        InnerProductBackwardWeights o => IsHalf(o.Source),
        PoolingForward o => IsHalf(o.Source),
        PoolingBackward o => IsHalf(o.DiffTarget),
        ElementwiseForward o => IsHalf(o.Data),
        ElementwiseBackward o => IsHalf(o.DiffData),
        ResamplingForward o => IsHalf(o.Source),
        ResamplingBackward o => IsHalf(o.DiffTarget),
        Reorder o => IsHalf(o.Source) || IsHalf(o.Target),
        Sum o => IsHalf(o.Data),
        _ => false,
    };

    private static bool IsHalf(Layout layout) => layout.Type == ElementType.BFloat16;
}
