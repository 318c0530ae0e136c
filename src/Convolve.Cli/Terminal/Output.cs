using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Evaluations;
using Spectre.Console;

namespace Convolve.Cli.Terminal;

/// <summary>
/// Where the words of a command go: to standard output, or with --json to standard error, so that standard output is one JSON object and
/// nothing else. Escape codes are for terminals only.
/// </summary>
internal sealed class Output
{
    private const int FactIndent = 12;
    private readonly Lazy<IAnsiConsole> _console;
    private readonly Lazy<int> _width;

    /// <param name="json">Whether standard output is for a JSON object.</param>
    /// <param name="quiet">Whether only the last lines are wanted.</param>
    public Output(bool json, bool quiet = false)
    {
        (IsJson, IsQuiet, Words) = (json, quiet, json ? Console.Error : Console.Out);
        IsTerminal = !(json ? StandardStreams.IsErrorRedirected : StandardStreams.IsOutputRedirected);
        _width = new(() => ScreenWidth.Of(IsTerminal));
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

    /// <summary>Whether the terminal has colors.</summary>
    public bool HasColors => IsTerminal && _console.Value.Profile.Capabilities is { Ansi: true, ColorSystem: not ColorSystem.NoColors };

    /// <summary>Whether the terminal shows more than ASCII.</summary>
    public bool HasUnicode => HasColors && _console.Value.Profile.Capabilities.Unicode;

    // As the C library chooses the locale: the first of the three that is set.
    private static bool IsUtf8Locale => new[] { "LC_ALL", "LC_CTYPE", "LANG" }
        .Select(Environment.GetEnvironmentVariable).FirstOrDefault(v => v?.Length > 0)
        ?.Replace("-", "", StringComparison.Ordinal).Contains("utf8", StringComparison.OrdinalIgnoreCase) ?? false;

    /// <summary>Columns of a line: the terminal's, or elsewhere COLUMNS, or 100.</summary>
    public int Width => _width.Value;

    /// <summary>The words' writer.</summary>
    public TextWriter Words { get; }

    /// <summary>
    /// A line for people, except in quiet mode; folded between words where it is too long, the lines after the first indented.
    /// </summary>
    public void Line(string text = "", int indent = 0)
    {
        if (!IsQuiet)
            Write(text, indent);
    }

    /// <summary>A line for people that is shown even in quiet mode, but not with JSON.</summary>
    public void Last(string text)
    {
        if (!IsQuiet || !IsJson)
            Write(text);
    }

    /// <summary>A name and what it is, in two columns.</summary>
    public void Fact(string name, string text)
    {
        if (IsQuiet)
            return;
        List<string> lines = TextFolding.Fold(text, Math.Max(FactIndent, Width - FactIndent));
        Words.WriteLine($"{Bold(name.PadRight(FactIndent - 1))} {lines[0]}");
        foreach (string line in lines.Skip(1))
            Words.WriteLine(new string(' ', FactIndent) + line);
    }

    /// <summary>
    /// Commands to type next, each whole on a line, and what they are for: beside them if there is room for that, else above.
    /// </summary>
    public void Next(params ReadOnlySpan<(string Command, string Purpose)> commands)
    {
        Line("next:");
        int widest = 0;
        bool isBeside = true;
        foreach ((string command, _) in commands)
            widest = Math.Max(widest, command.Length);
        foreach ((_, string purpose) in commands)
            isBeside &= 2 + widest + 3 + purpose.Length <= Width;
        foreach ((string command, string purpose) in commands)
        {
            if (!isBeside && purpose.Length > 0)
                Line($"  # {purpose}");
            if (!IsQuiet)
                Words.WriteLine(isBeside ? $"  {command.PadRight(widest)}   {purpose}".TrimEnd() : $"  {command}");
        }
    }

    /// <summary>The titles over lines that come one by one.</summary>
    public void Title(string text)
    {
        if (!IsQuiet)
            Words.WriteLine(Bold(text));
    }

    /// <summary>A table for people, except in quiet mode; below it, which columns had no room.</summary>
    public void Table(Table table)
    {
        if (IsQuiet)
            return;
        (List<(string Text, bool IsTitle)> lines, List<string> hidden) = table.Layout(Width);
        foreach ((string text, bool isTitle) in lines)
            Words.WriteLine(isTitle ? Bold(text) : text);
        if (hidden.Count > 0)
            Line(string.Create(CultureInfo.InvariantCulture,
                $"Hidden at {Width} columns: {string.Join(", ", hidden)}. " +
                $"{(IsTerminal ? "Widen the terminal" : "Set COLUMNS higher")}, or use --json."));
    }

    /// <summary>The one object on standard output.</summary>
    public static void Json(JsonObject json) => Console.Out.WriteLine(json.ToJsonString());

    /// <summary>A number for JSON, which has no word for what is none.</summary>
    public static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;

    /// <summary>An interval for JSON: its ends.</summary>
    public static JsonArray Pair(Interval interval) => new(interval.Low, interval.High);

    /// <summary>A table whose columns are named; the name of a column of numbers ends in "#", and it is aligned to the right.</summary>
    public static Table Columns(params ReadOnlySpan<Column> columns) => new(columns.ToArray());

    /// <summary>A row of plain text.</summary>
    public static void Row(Table table, params ReadOnlySpan<string> cells) => table.Add(cells);

    private void Write(string text, int indent = 0)
    {
        foreach (string line in text.Split('\n'))
            foreach (string folded in TextFolding.Fold(line, Width, indent))
                Words.WriteLine(folded);
    }

    private string Bold(string text) => HasColors ? $"\e[1m{text}\e[0m" : text;
}
