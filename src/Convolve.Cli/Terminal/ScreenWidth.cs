using System.Globalization;

namespace Convolve.Cli.Terminal;

/// <summary>How many columns a line may have.</summary>
internal static class ScreenWidth
{
    private const string Variable = "COLUMNS";
    private const int Piped = 100, UnknownTerminal = 80, Least = 20, Most = 10_000;

    /// <summary>The environment variable COLUMNS, if it is a number; null otherwise.</summary>
    public static int? Asked => int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture,
        out int columns)
        && columns is > 0 and <= Most ? Math.Max(Least, columns) : null;

    /// <summary>Of a terminal, its own; elsewhere COLUMNS, or 100.</summary>
    public static int Of(bool isTerminal) => (isTerminal ? Terminal() : null) ?? Asked ?? (isTerminal ? UnknownTerminal : Piped);

    private static int? Terminal()
    {
        if (StandardStreams.Terminal is > 0 and int launcher)
            return Math.Max(Least, launcher);
        try
        {
            return Console.WindowWidth is > 0 and int columns ? Math.Max(Least, columns) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
