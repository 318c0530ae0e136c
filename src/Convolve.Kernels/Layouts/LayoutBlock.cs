namespace Convolve.Kernels.Layouts;

/// <summary>Indices of an axis that are kept together.</summary>
/// <param name="Axis">Which.</param>
/// <param name="Size">How many.</param>
internal readonly record struct LayoutBlock(int Axis, int Size);
