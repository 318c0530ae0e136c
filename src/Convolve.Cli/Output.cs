using System.Text.Json.Nodes;
using Convolve.Evaluations;
using Spectre.Console;

namespace Convolve.Cli;

/// <summary>
/// Where the words of a command go: to standard output, or with --json to standard error, so that standard output is one JSON object and
/// nothing else. Escape codes are for terminals only.
/// </summary>
internal sealed class Output
{
    // Lines of a file need no folding.
    private const int PlainWidth = 1000;
    private readonly Lazy<IAnsiConsole> _console;

    /// <param name="json">Whether standard output is for a JSON object.</param>
    /// <param name="quiet">Whether only the last lines are wanted.</param>
    public Output(bool json, bool quiet = false)
    {
        (IsJson, IsQuiet, Words) = (json, quiet, json ? Console.Error : Console.Out);
        IsTerminal = !(json ? Console.IsErrorRedirected : Console.IsOutputRedirected);
        _console = new(() =>
        {
            IAnsiConsole console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Words) });
            console.Profile.Capabilities.Unicode &= IsUtf8Locale;
            return console;
        });
    }

    public bool IsJson { get; }

    public bool IsQuiet { get; }

    /// <summary>Whether the words go to a terminal.</summary>
    public bool IsTerminal { get; }

    /// <summary>Whether the terminal knows colours.</summary>
    public bool HasColors => IsTerminal && _console.Value.Profile.Capabilities is { Ansi: true, ColorSystem: not ColorSystem.NoColors };

    /// <summary>Whether the terminal shows more than ASCII.</summary>
    public bool HasUnicode => HasColors && _console.Value.Profile.Capabilities.Unicode;

    // As the C library chooses the locale: the first of the three that is set.
    private static bool IsUtf8Locale => new[] { "LC_ALL", "LC_CTYPE", "LANG" }
        .Select(Environment.GetEnvironmentVariable).FirstOrDefault(v => v?.Length > 0)
        ?.Replace("-", "", StringComparison.Ordinal).Contains("utf8", StringComparison.OrdinalIgnoreCase) ?? false;

    /// <summary>Columns of the terminal.</summary>
    public int Width => _console.Value.Profile.Width;

    /// <summary>The words' writer.</summary>
    public TextWriter Words { get; }

    /// <summary>A line for people, unless they want quiet.</summary>
    public void Line(string text = "")
    {
        if (!IsQuiet)
            Words.WriteLine(text);
    }

    /// <summary>A line for people that is shown even to those who want quiet, but not beside JSON.</summary>
    public void Last(string text)
    {
        if (!IsQuiet || !IsJson)
            Words.WriteLine(text);
    }

    /// <summary>A name and what it is, in two columns.</summary>
    public void Fact(string name, string text) => Line($"{Bold(name.PadRight(11))} {text}");

    /// <summary>A table for people, unless they want quiet.</summary>
    public void Table(Table table)
    {
        if (IsQuiet)
            return;
        if (IsTerminal)
        {
            _console.Value.Write(table.Border(HasUnicode ? TableBorder.Simple : TableBorder.None));
            return;
        }
        using StringWriter plain = new();
        IAnsiConsole console = AnsiConsole.Create(new()
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(plain),
        });
        console.Profile.Width = PlainWidth;
        console.Write(table.Border(TableBorder.None));
        foreach (string line in plain.ToString().TrimEnd().Split('\n'))
            Words.WriteLine(line.TrimEnd());
    }

    /// <summary>The one object on standard output.</summary>
    public static void Json(JsonObject json) => Console.Out.WriteLine(json.ToJsonString());

    /// <summary>A number for JSON, which has no word for what is none.</summary>
    public static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;

    /// <summary>An interval for JSON: its ends.</summary>
    public static JsonArray Pair(Interval interval) => [interval.Low, interval.High];

    /// <summary>A table whose columns are named; the name of a column of numbers ends in "#", and it is aligned to the right.</summary>
    public static Table Columns(params ReadOnlySpan<string> names)
    {
        Table table = new();
        foreach (string name in names)
        {
            Text title = new(name.TrimEnd('#'), new Style(decoration: Decoration.Bold));
            TableColumn column = new(title) { NoWrap = true, Padding = new(0, 0, 2, 0) };
            table.AddColumn(name.EndsWith('#') ? column.RightAligned() : column);
        }
        return table;
    }

    /// <summary>A row of plain text.</summary>
    public static void Row(Table table, params ReadOnlySpan<string> cells)
    {
        List<Text> row = [];
        foreach (string cell in cells)
            row.Add(new(cell));
        table.AddRow(row);
    }

    private string Bold(string text) => HasColors ? $"\e[1m{text}\e[0m" : text;
}
