using System.Text.RegularExpressions;

namespace Convolve.Data.Folders;

/// <summary>The names that people give the folders of splits.</summary>
internal static partial class SplitNames
{
    private static readonly string[][] Names =
    [
        ["train", "training", "trn"],
        ["validation", "valid", "val", "validate", "dev", "development", "eval", "evaluation"],
        ["test", "testing", "tests", "tst", "holdout", "heldout"],
    ];

    private static readonly string[][] Plain = [["train"], ["validation", "valid", "val"], ["test"]];

    private static readonly string[] Fillers = ["set", "data", "dataset", "split", "folder", "images", "image", "imgs", "img", "pictures",
        "photos", "files", "samples"];

    /// <summary>
    /// What a folder is by its name, in any case, such as <c>train</c>, <c>Testing</c>, <c>validation_set</c>; null for other names.
    /// </summary>
    public static SplitPart? PartOf(string name)
    {
        string plain = string.Concat(Words(name).Except(Fillers));
        for (int part = 0; part < Names.Length; part++)
            if (Names[part].Any(n => n == plain || Fillers.Any(filler => plain == n + filler)))
                return (SplitPart)part;
        return null;
    }

    /// <summary>Whether a name is one that nobody doubts.</summary>
    public static bool IsPlain(string name, SplitPart part) => Plain[(int)part].Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a name sounds like a split's, known or not: fold1, train_b, part-2.</summary>
    public static bool IsLike(string name) => Words(name).Any(word => Names.Any(names => names.Contains(word))) || Numbered().IsMatch(name);

    private static IEnumerable<string> Words(string name) => Word().Matches(name).Select(m => m.Value.ToLowerInvariant());

    [GeneratedRegex("[A-Za-z]+")]
    private static partial Regex Word();

    [GeneratedRegex("^(fold|part|split|subset|batch|partition)[^A-Za-z]*[0-9]", RegexOptions.IgnoreCase)]
    private static partial Regex Numbered();
}
