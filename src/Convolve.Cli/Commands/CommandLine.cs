using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Convolve.Cli.Commands.Inspecting;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Execution;

namespace Convolve.Cli.Commands;

/// <summary>The verbs, and what becomes of a line that cannot be understood.</summary>
internal static class CommandLine
{
    private static readonly Option<KernelChoice?> Kernels = CreateKernels();

    /// <summary>Runs a command line; returns the exit code.</summary>
    public static int Run(IReadOnlyList<string> arguments)
    {
        try
        {
            RootCommand root = Create(arguments);
            ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Action is ParseErrorAction)
                return Failures.Refuse(WordsFor(parsed), parsed.CommandResult.Command);
            if (!Failures.HasCurrentFolder && !parsed.CommandResult.Children.OfType<OptionResult>()
                .Any(o => o.Option is HelpOption or VersionOption))
                throw new UsageException(Failures.NoCurrentFolder);
            if (parsed.GetValue(Kernels) is { } kernels)
                Backend.Choose(kernels);
            return HelpScreen.IsAskedFor(parsed) ? HelpScreen.Show(parsed)
                : parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception e)
        {
            return Failures.Report(e);
        }
    }

    private static Option<KernelChoice?> CreateKernels()
    {
        Option<KernelChoice?> kernels = Inputs.OneOf<KernelChoice>("--kernels",
            "What computes: auto (oneDNN and own kernels, each where it is faster; own kernels where oneDNN isn't installed), managed " +
            $"(own kernels alone) or onednn. Default: {Backend.Variable}, or auto.",
            ("auto", KernelChoice.Auto), ("managed", KernelChoice.Managed), ("onednn", KernelChoice.OneDnn));
        kernels.Recursive = true;
        return kernels;
    }

    private static readonly (string Name, Func<Command> Create)[] Verbs =
    [
        ("train", TrainCommand.Create),
        ("evaluate", EvaluateCommand.Create),
        ("predict", PredictCommand.Create),
        ("serve", ServeCommand.Create),
        ("lr-find", LearningRateCommand.Create),
        ("sweep", SweepCommand.Create),
        ("analyze", AnalyzeCommand.Create),
        ("scale", ScaleCommand.Create),
        ("doctor", DoctorCommand.Create),
        ("report", ReportCommand.Create),
        ("compare", CompareCommand.Create),
        ("filters", FiltersCommand.Create),
        ("activations", ActivationsCommand.Create),
        ("saliency", SaliencyCommand.Create),
        ("similar", SimilarCommand.Create),
        ("export", ExportCommand.Create),
        ("import", ImportCommand.Create),
        ("reproduce", ReproduceCommand.Create),
        ("summary", SummaryCommand.Create),
        ("info", InfoCommand.Create),
        ("data", DataCommand.Create),
    ];

    // A line that begins with a verb needs the options of that one alone.
    private static RootCommand Create(IReadOnlyList<string> arguments)
    {
        RootCommand root = new("Train and evaluate convolutional image classifiers on the CPU.") { Kernels };
        bool isVerb = arguments.Count > 0 && Verbs.Any(v => v.Name == arguments[0]);
        foreach ((string name, Func<Command> create) in Verbs)
            if (!isVerb || name == arguments[0])
                root.Add(create());
        root.HelpName = ProgramName.Current;
        root.SetAction(_ => HelpScreen.Show(root.Parse(["--help"])));
        return root;
    }

    // One message, for the first thing that is wrong.
    private static string WordsFor(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is [{ } token, ..])
        {
            if (token.StartsWith('-'))
                return $"Unknown option {token}.{NearestName.Guess(token, command.Options.Where(o => !o.Hidden).Select(o => o.Name))}";
            if (command.Subcommands.Count > 0)
                return $"Unknown command \"{token}\".{NearestName.Guess(token, command.Subcommands.Select(c => c.Name))} The commands " +
                    $"are {List(command.Subcommands)}.";
            return $"Unexpected argument \"{token}\".";
        }
        ParseError error = parsed.Errors.FirstOrDefault(e => e.SymbolResult is ArgumentResult { Tokens.Count: 0 }) ?? parsed.Errors[0];
        return error.SymbolResult switch
        {
            CommandResult { Command.Subcommands.Count: > 0 } => $"A command is missing: {List(command.Subcommands)}.",
            ArgumentResult { Tokens.Count: 0, Argument: { Description: { } description } argument } =>
                $"{argument.HelpName} is missing. {description}",
            OptionResult { Implicit: true, Option: { } option } => $"{option.Name} is missing. {option.Description}",
            _ => error.Message,
        };
    }

    private static string List(IList<Command> commands) => string.Join(", ", commands.Select(c => c.Name));
}
