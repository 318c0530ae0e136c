using System.CommandLine;
using System.CommandLine.Parsing;
using Convolve.Cli.Terminal;

namespace Convolve.Cli.Options;

/// <summary>The typed options: repeated in the next command, or refused where they don't apply.</summary>
internal static class GivenOptions
{
    /// <summary>The options as typed, each with a space before it, quoted for a shell.</summary>
    /// <param name="line">What was typed.</param>
    /// <param name="except">Names of options to leave away, such as "--out".</param>
    public static string Of(ParseResult line, params ReadOnlySpan<string> except)
    {
        List<string> words = [];
        foreach (OptionResult given in line.CommandResult.Children.OfType<OptionResult>())
        {
            string name = given.Option.Name;
            if (given.Implicit || except.Contains(name))
                continue;
            if (given.Tokens.Count == 0)
                words.Add(name);
            foreach (Token token in given.Tokens)
                words.Add($"{name} {Format.Quoted(token.Value)}");
        }
        return string.Concat(words.Select(word => $" {word}"));
    }

    /// <summary>Those of some options that were typed, word by word.</summary>
    public static IEnumerable<string> WordsOf(ParseResult line, params IReadOnlyList<Option> options) =>
        options.Select(line.GetResult).OfType<OptionResult>().Where(given => !given.Implicit)
            .SelectMany(given => given.Tokens.Select(token => token.Value).Prepend(given.Option.Name));

    /// <summary>Refuses options that don't apply together with another.</summary>
    /// <param name="line">What was typed.</param>
    /// <param name="reason">Such as "--results only writes a page of finished experiments".</param>
    /// <param name="others">Options and arguments that must not be there.</param>
    /// <exception cref="UsageException">One of them is.</exception>
    public static void Refuse(ParseResult line, string reason, params ReadOnlySpan<Symbol> others)
    {
        foreach (Symbol other in others)
        {
            (bool isGiven, string? name) = other is Argument argument
                ? (line.GetResult(argument) is { Tokens.Count: > 0 }, argument.HelpName)
                : (line.GetResult((Option)other) is { Implicit: false }, other.Name);
            if (isGiven)
                throw new UsageException($"{reason}: remove {name}.");
        }
    }
}
