namespace Convolve.Cli.Terminal;

/// <summary>A column of a table. One whose name ends in "#" is of numbers: aligned to the right.</summary>
/// <param name="Name">Its title.</param>
internal readonly record struct Column(string Name)
{
    /// <summary>1 is always shown; of the others, the highest go first where the width is too small.</summary>
    public int Rank { get; init; } = 1;

    /// <summary>Whether its text is folded between words where the width is too small.</summary>
    public bool Folds { get; init; }

    /// <summary>
    /// Whether it is of paths, which stay whole, so that they can be pasted, though a line becomes longer than the screen.
    /// </summary>
    public bool IsPath { get; init; }

    public string Title => Name.TrimEnd('#');

    public bool IsNumber => Name.EndsWith('#');

    public static implicit operator Column(string name) => new(name);
}
