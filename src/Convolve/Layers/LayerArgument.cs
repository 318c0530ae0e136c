namespace Convolve.Layers;

/// <summary>An argument of a layer's constructor, as data: printing, JSON files and comparisons read nothing else of a layer.</summary>
/// <param name="Name">As in the constructor and in files, such as "stride".</param>
/// <param name="Value">A whole number, a number, a flag, a text, a <see cref="Size2"/>, a <see cref="Padding"/> or a
/// <see cref="Shape"/>.</param>
/// <param name="Default">What it is where it is left out; null where it can't be.</param>
internal sealed record LayerArgument(string Name, object Value, object? Default)
{
    public bool IsDefault => Value.Equals(Default);
}
