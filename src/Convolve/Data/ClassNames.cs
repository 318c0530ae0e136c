using System.Collections.ObjectModel;

namespace Convolve.Data;

internal static class ClassNames
{
    private const int Most = 65_536;

    /// <summary>A private copy of the names, once they are known to be 1 to 65,536 different and not blank.</summary>
    public static ReadOnlyCollection<string> Validated(string owner, IReadOnlyList<string> names)
    {
        if (names.Count is 0 or > Most)
            throw new DatasetException($"{owner}: expected 1 to {Most} class names, got {names.Count}.");
        Dictionary<string, int> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(names[i]))
                throw new DatasetException($"{owner}: the name of class {i} is blank. Give every class a name.");
            if (!seen.TryAdd(names[i], i))
            {
                throw new DatasetException(
                    $"{owner}: classes {seen[names[i]]} and {i} are both named \"{names[i]}\". Give every class its own name.");
            }
        }

        return Array.AsReadOnly(names.ToArray());
    }
}
