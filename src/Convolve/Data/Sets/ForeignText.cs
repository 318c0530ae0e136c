namespace Convolve.Data.Sets;

/// <summary>Text that comes from a file or a server, made fit for a message.</summary>
internal static class ForeignText
{
    /// <summary>So many characters of it, without those that would move a terminal's cursor or colour it.</summary>
    public static string Of(string text, int most) =>
        string.Concat((text.Length > most ? text[..most] + "..." : text).Select(c => char.IsControl(c) ? '?' : c));
}
