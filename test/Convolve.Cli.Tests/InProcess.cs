using Convolve.Cli.Commands;

namespace Convolve.Cli.Tests;

/// <summary>The command line inside this process, which is quicker than one of its own; in the current folder.</summary>
internal static class InProcess
{
    /// <summary>Runs a command with the screen as wide as this; null for a pipe of no given width.</summary>
    public static CliResult Run(int? width, params string[] arguments)
    {
        (TextWriter output, TextWriter errors, string? columns) =
            (Console.Out, Console.Error, Environment.GetEnvironmentVariable("COLUMNS"));
        using StringWriter said = new(), complained = new();
        Console.SetOut(said);
        Console.SetError(complained);
        Environment.SetEnvironmentVariable("COLUMNS", width?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        try
        {
            return new(CommandLine.Run(arguments), said.ToString(), complained.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
            Environment.SetEnvironmentVariable("COLUMNS", columns);
        }
    }
}
