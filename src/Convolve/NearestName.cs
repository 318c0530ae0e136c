namespace Convolve;

/// <summary>Finds what somebody meant by a name with a typing error.</summary>
public static class NearestName
{
    /// <summary>The name with the fewest letters changed, hyphens and case aside; null if over a third of them differ.</summary>
    public static string? Of(string asked, IEnumerable<string> names) => names
        .Select(name => (Name: name, Distance: Distance(Letters(asked), Letters(name))))
        .Where(x => x.Distance * 3 <= Math.Max(Letters(x.Name).Length, Letters(asked).Length))
        .OrderBy(x => x.Distance)
        .Select(x => x.Name)
        .FirstOrDefault();

    private static string Letters(string name) =>
        new([.. name[..Math.Min(name.Length, 100)].Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant)]);

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
