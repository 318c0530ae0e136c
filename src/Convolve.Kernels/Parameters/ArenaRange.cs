namespace Convolve.Kernels.Parameters;

/// <summary>The place of a parameter in every arena.</summary>
/// <param name="Offset">In bytes, at a cache line.</param>
/// <param name="Bytes">The whole cache lines that it fills are its own; 0 for a parameter that a pass leaves out.</param>
internal readonly record struct ArenaRange(long Offset, long Bytes);
