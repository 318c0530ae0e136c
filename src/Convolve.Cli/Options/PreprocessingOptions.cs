using System.CommandLine;
using System.Globalization;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Data.Inputs;

namespace Convolve.Cli.Options;

/// <summary>What is done to the pictures of a network that others trained.</summary>
internal sealed class PreprocessingOptions(string usual)
{
    private readonly Option<string?> _classNames = Inputs.Word("--class-names", "FILE",
        "Text file with the name of each class, one per line, in the order of the outputs. Default: the file's own, or 0, 1, 2 and so " +
        "on.");

    private readonly Option<string?> _steps = Inputs.Word("--steps", "T,T,...",
        "What is done to a picture before it is normalized, such as resize:256,center-crop:224; none only resizes it to the network's " +
        $"input. Default: {usual}.");

    private readonly Option<string?> _mean = Inputs.Word("--mean", "X,X,X",
        "What is subtracted from pixel / 255, one number per channel. Default: as with --steps.");

    private readonly Option<string?> _std = Inputs.Word("--std", "X,X,X",
        "What the difference is divided by, one number per channel. Default: as with --steps.");

    /// <summary>All of them, for a command.</summary>
    public IReadOnlyList<Option> All => [_classNames, _steps, _mean, _std];

    /// <summary>The first that is typed; null if none is.</summary>
    public string? Typed(ParseResult line) => All.FirstOrDefault(option => line.GetResult(option) is { Implicit: false })?.Name;

    /// <summary>A preprocessing with what is typed.</summary>
    /// <exception cref="UsageException">A value can't be understood.</exception>
    /// <exception cref="DatasetException">A value is out of range.</exception>
    public Preprocessing Apply(ParseResult line, Preprocessing own) => (own with
    {
        Steps = Inputs.Transforms(line.GetValue(_steps), _steps.Name) ?? own.Steps,
        Mean = Numbers(line, _mean, own.Size.Channels) ?? own.Mean,
        Std = Numbers(line, _std, own.Size.Channels) ?? own.Std,
    }).Validate();

    /// <summary>The names in the file that is typed; null if none is.</summary>
    /// <param name="line">What is typed.</param>
    /// <param name="classes">How many the network has; null if that isn't known.</param>
    /// <exception cref="UsageException">It can't be read, or has another number of lines.</exception>
    public IReadOnlyList<string>? ClassNames(ParseResult line, int? classes)
    {
        if (line.GetValue(_classNames) is not { } file)
            return null;
        string[] names;
        try
        {
            names = File.ReadAllText(file).TrimEnd('\r', '\n').Split('\n', StringSplitOptions.TrimEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{_classNames.Name} {file} {(Directory.Exists(file) ? "is a folder" : File.Exists(file)
                ? "cannot be read" : "does not exist")}. Pass a text file with a class name on each line.");
        }
        return classes is null || names.Length == classes ? names : throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"{_classNames.Name} {file} has {names.Length} lines, but the network has {classes} classes. Write one name per line."));
    }

    private static float[]? Numbers(ParseResult line, Option<string?> option, int channels)
    {
        if (line.GetValue(option) is not { } typed)
            return null;
        float[] numbers = new float[typed.Count(c => c == ',') + 1];
        bool areNumbers = numbers.Length == channels;
        foreach ((int i, string text) in typed.Split(',').Index())
            areNumbers &= float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]);
        return areNumbers ? numbers : throw new UsageException(
            $"{option.Name}: expected {channels} numbers separated by commas, one for each channel, got \"{typed}\".");
    }
}
