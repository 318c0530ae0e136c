namespace Convolve.Kernels.Layouts;

/// <summary>The number format of a tensor's elements.</summary>
internal enum ElementType
{
    BFloat16,
    Float32,
    Int32,
    UInt8,
}
