namespace Convolve.Reporting;

/// <summary>A row of comma-separated values (RFC 4180).</summary>
internal static class CsvRow
{
    /// <summary>The row with its line end.</summary>
    public static string Of(IEnumerable<string> cells) => string.Join(',', cells.Select(Quoted)) + "\r\n";

    private static string Quoted(string cell) => cell.AsSpan().ContainsAny(",\"\r\n")
        ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}
