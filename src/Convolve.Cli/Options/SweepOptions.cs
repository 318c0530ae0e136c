using System.CommandLine;
using System.CommandLine.Parsing;
using Convolve.Cli.Terminal;
using Convolve.Sweeps;

namespace Convolve.Cli.Options;

/// <summary>The options of a training, each with any number of values: one training for each combination.</summary>
/// <remarks>
/// The values are separated by commas. Where a value has commas itself, such as a list of transforms, the option is repeated instead. The
/// values are understood when an arm is read, by the training's own options.
/// </remarks>
internal sealed class SweepOptions
{
    private const string NetworkOption = "--net-option", List = ",...";
    private readonly IReadOnlyList<Option> _options;
    private readonly HashSet<string> _single, _split;

    /// <summary>As many of the options of a training as there are, under their names.</summary>
    /// <param name="training">What understands an arm.</param>
    /// <param name="single">Those that can't vary.</param>
    public SweepOptions(Command training, params IEnumerable<string> single)
    {
        _single = [.. single];
        _split = [.. training.Options.Where(IsSplit).Select(option => option.Name)];
        _options = [.. training.Options.Select(Listed)];
    }

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in _options)
            command.Add(option);
    }

    /// <summary>Sorts what is typed: what all arms have in common, and what varies.</summary>
    /// <exception cref="RecipeException">A value is typed twice, or a range doesn't rise.</exception>
    /// <exception cref="UsageException">A network option can't be understood.</exception>
    public (IReadOnlyList<string> Common, IReadOnlyList<SweepAxis> Axes) Read(ParseResult line)
    {
        List<string> common = [];
        List<SweepAxis> axes = [];
        foreach (OptionResult given in line.CommandResult.Children.OfType<OptionResult>()
            .Where(given => !given.Implicit && _options.Contains(given.Option)))
        {
            (Option option, string[] tokens) = (given.Option, [.. given.Tokens.Select(token => token.Value)]);
            if (option is Option<bool> || _single.Contains(option.Name))
                common.AddRange([option.Name, .. tokens]);
            else if (option.Name == NetworkOption)
                foreach ((string key, List<string> values) in Pairs(tokens))
                    Add(key, values, value => [NetworkOption, $"{key}={value}"]);
            else
                Add(option.Name[2..], _split.Contains(option.Name) ? [.. tokens.SelectMany(token => token.Split(','))] : tokens,
                    value => [option.Name, value]);
        }
        return (common, axes);

        void Add(string name, IReadOnlyList<string> values, Func<string, string[]> typed)
        {
            SweepAxis axis = SweepAxis.Of(name, values);
            if (axis.IsRange || values.Count > 1)
                axes.Add(axis);
            else
                common.AddRange(typed(values[0]));
        }
    }

    /// <summary>The values of an arm, as a training takes them.</summary>
    public IEnumerable<string> TokensOf(SweepArm arm) => arm.Axes.Zip(arm.Values).SelectMany(pair =>
        _options.Any(option => option.Name == $"--{pair.First}") ? new[] { $"--{pair.First}", pair.Second }
            : [NetworkOption, $"{pair.First}={pair.Second}"]);

    // key=value, and after a comma another value of the key, or another key.
    private static Dictionary<string, List<string>> Pairs(string[] tokens)
    {
        Dictionary<string, List<string>> pairs = [];
        foreach (string token in tokens)
        {
            string? key = null;
            foreach (string part in token.Split(','))
            {
                int sign = part.IndexOf('=', StringComparison.Ordinal);
                key = sign > 0 ? part[..sign] : key;
                if (key is null || sign == 0 || sign == part.Length - 1 || part.Length == 0)
                    throw new UsageException($"{NetworkOption}: expected KEY=VALUE,..., such as activation=relu,tanh, got \"{token}\".");
                if (!pairs.TryGetValue(key, out List<string>? values))
                    pairs[key] = values = [];
                values.Add(part[(sign + 1)..]);
            }
        }
        return pairs;
    }

    private Option Listed(Option option) => option is Option<bool> || _single.Contains(option.Name) ? option
        : new Option<string[]>(option.Name)
        {
            Description = option.Description,
            HelpName = IsSplit(option) ? $"{option.HelpName}{List}" : option.HelpName,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };

    // A path may have commas, and some values are lists.
    private static bool IsSplit(Option option) => option.HelpName?.Contains(',', StringComparison.Ordinal) == false
        && !option.HelpName.Contains("FILE", StringComparison.Ordinal);
}
