using System.CommandLine;
using System.CommandLine.Help;
using System.Text.RegularExpressions;
using Convolve.Cli.Terminal;

namespace Convolve.Cli.Screens;

/// <summary>Help in the width of the screen, also where it is piped; ranges, commands and numbers with their units stay whole.</summary>
internal static class HelpScreen
{
    /// <summary>Whether --help was typed.</summary>
    public static bool IsAskedFor(ParseResult parsed) => parsed.Action is HelpAction;

    /// <summary>Writes it; the exit code.</summary>
    public static int Show(ParseResult parsed)
    {
        Prepare(parsed.RootCommandResult.Command);
        using StringWriter help = new();
        int code = parsed.Invoke(new InvocationConfiguration { Output = help, EnableDefaultExceptionHandler = false });
        foreach (string line in help.ToString().TrimEnd().Split('\n'))
            Console.Out.WriteLine(line.Replace(TextFolding.Unbroken, ' ').TrimEnd());
        return code;
    }

    // Only for the screen: errors have these texts too.
    private static void Prepare(Command command)
    {
        foreach (Symbol symbol in command.Options.Cast<Symbol>().Concat(command.Arguments).Append(command))
            symbol.Description = symbol.Description is { } text
                ? Whole().Replace(text, match => match.Value.Replace(' ', TextFolding.Unbroken)) : null;
        foreach (HelpOption help in command.Options.OfType<HelpOption>())
            ((HelpAction)help.Action!).MaxWidth = ScreenWidth.Of(!StandardStreams.IsOutputRedirected);
        foreach (Command verb in command.Subcommands)
            Prepare(verb);
    }

    private static Regex Whole() => new(@"`[^`]*`|[\[(][0-9.]+, [0-9.]+[\])]|[0-9] (?:%|GiB|MiB)");
}
