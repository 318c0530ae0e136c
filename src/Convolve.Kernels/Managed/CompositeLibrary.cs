using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Machines;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Managed;

/// <summary>
/// A native library, and own kernels for the operations in which they are faster. A rule over the operation alone decides, so the same plan
/// comes out at every run (docs/decisions/0024).
/// </summary>
internal sealed class CompositeLibrary : IKernelLibrary
{
    private const int MostOfFewImages = 4;
    private readonly IKernelLibrary _native;
    private readonly ManagedKernels _own = new();

    private CompositeLibrary(IKernelLibrary native) => _native = native;

    public string Name => $"{_native.Name} and {_own.Name}";

    public InstructionSet InstructionSet => _native.InstructionSet;

    public int Block => _native.Block;

    /// <summary>Both together where their blocks agree and own kernels have AVX-512, as measured; else the native library alone.</summary>
    public static IKernelLibrary With(IKernelLibrary native) =>
        native.Block == Pixel.Channels && Floats16.IsSupported ? new CompositeLibrary(native) : native;

    public KernelDescription? Describe(Operation operation) => For(operation).Describe(operation);

    public Kernel Compile(Operation operation, string label) => For(operation).Compile(operation, label);

    private IKernelLibrary For(Operation operation) => operation switch
    {
        ConvolutionForward o when (SuitsOwn(o) || IsFewImages(o)) && _own.Describe(o) is not null => _own,
        ConvolutionBackwardData o when SuitsOwn(o.Forward) && _own.Describe(o) is not null => _own,
        ConvolutionBackwardWeights o when SuitsOwn(o.Forward) && _own.Describe(o) is not null => _own,
        _ => _native,
    };

    // Windows that move by several pixels, in float32; not in groups, which were not measured.
    private static bool SuitsOwn(ConvolutionForward o) => o.Source.Type == ElementType.Float32 && o.Walk.Stride is not (1, 1)
        && o.Weights.Sizes is [_, _, _, > 1];

    // Windows of several pixels on a few images of whole blocks, in evaluation: the library shares too little work out.
    private static bool IsFewImages(ConvolutionForward o) => !o.IsTraining && o.Source.Type == ElementType.Float32
        && o.Source.Sizes[0] <= MostOfFewImages && o.Source.Sizes[1] % Pixel.Channels == 0 && o.Weights.Sizes is [_, _, _, > 1];
}
