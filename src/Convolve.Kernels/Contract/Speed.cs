namespace Convolve.Kernels.Contract;

/// <summary>How fast a kernel is for its operation, slowest first.</summary>
internal enum Speed
{
    /// <summary>The library has no kernel.</summary>
    None,

    /// <summary>One element after another: 10 to 300 times slower than the fastest.</summary>
    Reference,

    /// <summary>For any shape, such as a convolution through a matrix product.</summary>
    Generic,

    /// <summary>Made for the shape and the processor.</summary>
    Tuned,
}
