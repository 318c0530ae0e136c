namespace Convolve.Kernels.Parameters;

/// <summary>
/// A bfloat16 copy of a weight whose rows are interleaved in pairs: element by element, row 2k in the lower and row 2k + 1 in the upper
/// half.
/// </summary>
/// <param name="Address">Where it is.</param>
/// <param name="RowLength">Elements of a row.</param>
internal readonly record struct InterleavedCopy(nint Address, int RowLength);
