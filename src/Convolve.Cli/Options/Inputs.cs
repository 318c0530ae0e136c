using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Evaluations;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Training;

namespace Convolve.Cli.Options;

/// <summary>Options as the commands need them: numbers the same in every locale, one message for a value that is none.</summary>
internal static class Inputs
{
    public static Option<int?> Integer(string name, string description, int least = int.MinValue) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Parse<int?>(result, text =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least ? value : null,
            least == int.MinValue ? "a whole number up to 2147483647"
                : string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to 2147483647")),
    };

    /// <summary>A whole number, or none.</summary>
    public static Option<OrNone<int>?> IntegerOrNone(string name, string description, int least) => new(name)
    {
        Description = description,
        HelpName = "N|none",
        CustomParser = result => Parse<OrNone<int>?>(result, text => text == OrNone.Word ? default(OrNone<int>)
            : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least ? new(value)
            : null,
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to 2147483647, or none")),
    };

    /// <summary>A whole number, or auto.</summary>
    public static Option<OrAuto?> IntegerOrAuto(string name, string description) => new(name)
    {
        Description = description,
        HelpName = $"N|{OrAuto.Word}",
        CustomParser = result => Parse<OrAuto?>(result, text => text == OrAuto.Word ? default(OrAuto)
            : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) ? new(value) : null,
            $"a whole number up to 2147483647, or {OrAuto.Word}"),
    };

    /// <summary>A number, or none.</summary>
    public static Option<OrNone<double>?> NumberOrNone(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "X|none",
        CustomParser = result => Parse<OrNone<double>?>(result, text => text == OrNone.Word ? default(OrNone<double>)
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? new(value) : null,
            "a number or none"),
    };

    public static Option<ulong?> Seed(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Parse<ulong?>(result, text =>
            ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null,
            "a whole number from 0 to 18446744073709551615"),
    };

    public static Option<double?> Number(string name, string description, string helpName = "X") => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result => Parse<double?>(result, text =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null, "a number"),
    };

    public static Option<T?> OneOf<T>(string name, string description, params (string Text, T Value)[] values) where T : struct => new(name)
    {
        Description = description,
        HelpName = string.Join('|', values.Select(v => v.Text)),
        CustomParser = result => Parse<T?>(result, text => values.Where(v => v.Text == text).Select(v => (T?)v.Value).FirstOrDefault(),
            values.Length == 1 ? values[0].Text : $"one of {string.Join(", ", values.Select(v => v.Text))}", values.Select(v => v.Text)),
    };

    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => Parse(result, Format.ReadDuration, "a time such as 90s, 30m or 1h30m"),
    };

    public static Option<double?> Bandwidth(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "RATE",
        CustomParser = result => Parse(result, Format.ReadBandwidth,
            "a bandwidth such as 10Gb (gigabits per second), 100Mb or 1.25GB (gigabytes per second)"),
    };

    public static Option<double?> Latency(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => Parse(result, Format.ReadLatency, "a time such as 20us, 500ns or 1.5ms"),
    };

    /// <summary>Several whole numbers, in rising order.</summary>
    public static Option<int[]?> Integers(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N,N,...",
        CustomParser = result => Parse(result, text =>
        {
            int[] numbers = [.. text.Split(',').Select(part =>
                int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)];
            return numbers.All(n => n > 0) && numbers.Zip(numbers.Skip(1)).All(p => p.First < p.Second) ? numbers : null;
        }, "rising whole numbers from 1, separated by commas, such as 1,2,4,8"),
    };

    public static Option<long?> MemoryLimit(string what) => new("--memory-limit")
    {
        Description = $"Refuse before anything is allocated what would need more memory than this, such as 8GB or 512MiB: {what}. The " +
            "program itself takes some 60 MB more. Default: what the machine has.",
        HelpName = "SIZE",
        CustomParser = result => Parse(result, Format.ReadBytes, "a size such as 8GB, 512MiB or 1.5GB"),
    };

    /// <summary>A text, which is not empty.</summary>
    public static Option<string?> Word(string name, string helpName, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result => Parse(result, text => text.Length > 0 ? HomePath.Expand(text) : null,
        helpName switch { "FILE" => "a file", "DIR" or "PATH" => "a path", _ => helpName }),
    };

    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    public static Option<Precision?> Precision(string description) => OneOf("--precision", description,
        ("auto", Planning.Precision.Auto), ("f32", Planning.Precision.Float32), ("bf16", Planning.Precision.BFloat16));

    /// <summary>The test-time augmentations, as typed.</summary>
    public static (string Name, TestTimeAugmentation Value)[] TestTimeAugmentations =>
        [("none", TestTimeAugmentation.None), ("mirror", TestTimeAugmentation.Mirror),
            ("mirror-translate", TestTimeAugmentation.MirrorAndTranslate)];

    /// <summary>As it is typed.</summary>
    public static string NameOf(TestTimeAugmentation augmentation) => TestTimeAugmentations.First(a => a.Value == augmentation).Name;

    /// <summary>"f32" or "bf16".</summary>
    public static string NameOf(Precision precision) => precision == Planning.Precision.BFloat16 ? "bf16" : "f32";

    public static Option<string?> DataDirectory() => Word("--data-dir", "DIR",
        "Look for the data only in this folder: the files themselves, or one folder per data set. Default: CONVOLVE_DATA, the cache, the " +
        "system folders, then the data set's mirrors.");

    public static Option<bool> Json() => Flag("--json", "Print one JSON object to standard output and everything else to standard error.");

    /// <summary>The sets there are to name, for help texts.</summary>
    public static string Sets => $"{string.Join(", ", Datasets.All.Select(d => d.Name))}, or folder:PATH for your own pictures";

    public static DatasetOptions DataOptions(string? directory) => new() { DataDirectory = directory };

    public static Option<string?> ImageShape() =>
        Word("--input", "CxHxW", "Shape of one image as channels x height x width, such as 3x64x64. Default: the network's own.");

    /// <summary>Pictures are decoded to the channels of the network, color or gray.</summary>
    public static DatasetOptions DataOptions(string? directory, Graph graph, Recipe recipe) =>
        DataOptions(directory) with { Channels = graph.Input.Channels == 1 ? 1 : 3, SkipBad = recipe.SkipBad };

    /// <summary>What may be chosen in a network: key=value[,key=value], any number of times.</summary>
    public static Option<string[]> NetworkOptions() => new("--net-option")
    {
        Description =
            $"An option of the network, such as activation=tanh,dropout=0.5; `{ProgramName.Current} summary` lists them. Can be repeated.",
        HelpName = "KEY=VALUE",
    };

    /// <exception cref="UsageException">A pair has no key or no value, or a key comes twice.</exception>
    public static Dictionary<string, string> Pairs(string[]? typed)
    {
        Dictionary<string, string> pairs = [];
        foreach (string pair in (typed ?? []).SelectMany(t => t.Split(',')))
        {
            int sign = pair.IndexOf('=', StringComparison.Ordinal);
            if (sign < 1 || sign == pair.Length - 1)
                throw new UsageException($"--net-option: expected KEY=VALUE, such as activation=tanh, got \"{pair}\".");
            if (!pairs.TryAdd(pair[..sign], pair[(sign + 1)..]))
                throw new UsageException($"--net-option: {pair[..sign]} is given twice.");
        }
        return pairs;
    }

    /// <summary>Transforms as typed; null where none are given.</summary>
    public static Option<string?> Augment(string description) => Word("--augment", "T,T,...",
        $"{description} Transforms are written NAME[:VALUE][:KEY=VALUE]...: {string.Join(", ", TransformList.Syntax)}; flip is short for " +
        $"horizontal-flip.");

    /// <exception cref="UsageException">The text is not a list of transforms.</exception>
    public static TransformList? Transforms(string? typed, string option = "--augment")
    {
        try
        {
            return typed is null ? null : typed == "none" ? TransformList.Empty : TransformList.Parse(typed);
        }
        catch (DatasetException e)
        {
            throw new UsageException($"{option}: {e.Message}");
        }
    }

    private static T? Parse<T>(ArgumentResult result, Func<string, T?> parse, string expected, IEnumerable<string>? names = null)
    {
        string text = result.Tokens[0].Value;
        T? value = parse(text);
        if (value is null)
            result.AddError(
                $"{((OptionResult)result.Parent!).Option.Name}: expected {expected}, got \"{text}\"." +
                NearestName.Guess(text, names ?? []));
        return value;
    }
}
