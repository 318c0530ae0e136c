namespace Convolve;

/// <summary>The name that was probably meant, for messages.</summary>
internal static class NearestName
{
    private const int LeastPart = 3, Longest = 100;

    /// <summary>
    /// The name with the fewest letters changed, hyphens and case aside, where at most a third of them differ; or else the shortest one
    /// that begins with what was asked for, contains it, has its words in another order, or spells it with letters between. Null if there
    /// is none.
    /// </summary>
    public static string? Of(string asked, IEnumerable<string> names)
    {
        string letters = Letters(asked);
        List<(string Name, string Letters)> known = [.. names.Select(name => (name, Letters(name)))];
        string? typo = known
            .Select(x => (x.Name, x.Letters, Distance: Distance(letters, x.Letters)))
            .Where(x => x.Distance * 3 <= Math.Max(x.Letters.Length, letters.Length))
            .OrderBy(x => x.Distance).Select(x => x.Name).FirstOrDefault();
        // A first letter is seldom wrong: fmnist is short for fashion-mnist, and not a mnist.
        if (typo is not null && letters.Length > 0 && Letters(typo) is [{ } first, ..] && first != letters[0])
            typo = known.Where(x => x.Letters.Length > letters.Length && IsSpelledIn(letters, x.Letters)).Select(x => x.Name)
                .FirstOrDefault() ?? typo;
        return typo
            ?? (letters.Length < LeastPart ? null : known
                .Select(x => (x.Name, x.Letters.Length, Kinship: Kinship(asked, letters, x.Name, x.Letters)))
                .Where(x => x.Kinship > 0).OrderBy(x => x.Kinship).ThenBy(x => x.Length).Select(x => x.Name).FirstOrDefault());
    }

    /// <summary>Such as " Did you mean lenet5?"; empty if no name is near.</summary>
    public static string Guess(string asked, IEnumerable<string> names) => Of(asked, names) is { } nearest ? $" Did you mean {nearest}?"
        : "";

    // 1 is the closest; 0 is none.
    private static int Kinship(string asked, string letters, string name, string nameLetters) =>
        nameLetters.StartsWith(letters, StringComparison.Ordinal) ? 1
        : Words(asked) == Words(name) ? 2
        : nameLetters.Contains(letters, StringComparison.Ordinal) ? 3
        : nameLetters.Length >= LeastPart && letters.Contains(nameLetters, StringComparison.Ordinal) ? 4
        : IsSpelledIn(letters, nameLetters) ? 5 : 0;

    private static string Words(string name) =>
        string.Join(' ', name.ToLowerInvariant().Split(['-', '_', ' ', '.'], StringSplitOptions.RemoveEmptyEntries)
            .Order(StringComparer.Ordinal));

    // As fmnist is in fashion-mnist: it begins alike, and its letters come in this order.
    private static bool IsSpelledIn(string letters, string name)
    {
        int found = 0;
        foreach (char c in name)
            if (found < letters.Length && c == letters[found])
                found++;
        return found == letters.Length && name[0] == letters[0];
    }

    private static string Letters(string name) =>
        new([.. name[..Math.Min(name.Length, Longest)].Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant)]);

    /// <summary>Letters inserted, deleted, replaced or swapped with the next (Damerau 1964, each place changed once).</summary>
    private static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i, j] = i + j;
                    continue;
                }

                int replaced = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, replaced);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }
}
