using Convolve.Kernels.Layouts;

namespace Convolve.Kernels.Contract;

/// <summary>What the library chose for an operation.</summary>
/// <param name="Implementation">Its own name, such as "jit:avx512_core": for printing only.</param>
/// <param name="Speed">How fast it is; never <see cref="Speed.None"/>.</param>
/// <param name="Layouts">Of every argument, workspace included.</param>
/// <param name="ScratchpadBytes">Memory that it needs while it runs.</param>
internal sealed record KernelDescription(string Implementation, Speed Speed, IReadOnlyDictionary<Argument, Layout> Layouts,
    long ScratchpadBytes)
{
    public Layout this[Argument argument] => Layouts[argument];

    /// <summary>Whether it runs as work of the team, in shares that any number of threads may compute.</summary>
    public bool RunsInShares { get; init; }

    /// <summary>Whether a max pooling gives NaN where its window has one.</summary>
    public bool KeepsNaN { get; init; }
}
