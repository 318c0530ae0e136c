using System.Globalization;

namespace Convolve.Bench;

/// <summary>The command line was typed wrong.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>A command line: a command, positional words and options, each taken once.</summary>
internal sealed class Arguments
{
    private readonly List<string> _words;

    public Arguments(IEnumerable<string> words)
    {
        _words = [.. words];
        Command = _words.Count > 0 && !_words[0].StartsWith('-') ? _words[0] : null;
        if (Command is not null)
            _words.RemoveAt(0);
    }

    /// <summary>The first word, unless it is an option.</summary>
    public string? Command { get; }

    /// <summary>Takes an option without a value.</summary>
    public bool Flag(string name) => _words.Remove(name);

    /// <summary>Takes an option with a value, or null where it is not there.</summary>
    public string? Text(string name)
    {
        int at = _words.IndexOf(name);
        if (at < 0)
            return null;
        if (at + 1 == _words.Count || _words[at + 1].StartsWith("--", StringComparison.Ordinal))
            throw new UsageException($"{name} needs a value");
        string value = _words[at + 1];
        _words.RemoveRange(at, 2);
        return value;
    }

    /// <summary>Takes an option that is one of some words.</summary>
    public string OneOf(string name, params string[] words)
    {
        string value = Text(name) ?? words[0];
        return words.Contains(value) ? value
            : throw new UsageException($"{name} is {value}, and must be one of {string.Join(", ", words)}");
    }

    /// <summary>Takes an option that is a number of at least 1.</summary>
    public int Count(string name, int otherwise)
    {
        string? text = Text(name);
        if (text is null)
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value
            : throw new UsageException($"{name} is {text}, and must be a whole number of at least 1");
    }

    /// <summary>Takes the next positional word.</summary>
    public string Word(string what)
    {
        string word = _words.FirstOrDefault(w => !w.StartsWith('-')) ?? throw new UsageException($"{what} is missing");
        _words.Remove(word);
        return word;
    }

    /// <summary>Says that everything was taken.</summary>
    public void End()
    {
        if (_words.Count > 0)
            throw new UsageException($"unknown argument: {_words[0]}");
    }
}
