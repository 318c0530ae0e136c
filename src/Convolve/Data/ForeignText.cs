using System.Globalization;

namespace Convolve.Data;

/// <summary>Text that comes from a file or a server, made fit for a message.</summary>
internal static class ForeignText
{
    /// <summary>How many names a message lists.</summary>
    public const int MostNames = 6;

    /// <summary>At most this many characters of it, without those that would move a terminal's cursor or color it.</summary>
    public static string Of(string text, int most) =>
        string.Concat((text.Length > most ? text[..most] + "..." : text).Select(c => char.IsControl(c) ? '?' : c));

    /// <summary>The first of many names, and how many more there are.</summary>
    public static string Listed(IReadOnlyList<string> names) => names.Count > MostNames
        ? string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", names.Take(MostNames))} and {names.Count - MostNames:N0} more")
        : string.Join(", ", names);
}
