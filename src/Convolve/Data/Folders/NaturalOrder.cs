namespace Convolve.Data.Folders;

/// <summary>
/// The order people expect of names: letters by their code, runs of digits by their value, so that class2 comes before class10.
/// </summary>
internal sealed class NaturalOrder : IComparer<string>
{
    public static readonly NaturalOrder Instance = new();

    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> a = x, b = y;
        while (!a.IsEmpty && !b.IsEmpty)
        {
            int difference;
            if (char.IsAsciiDigit(a[0]) && char.IsAsciiDigit(b[0]))
            {
                ReadOnlySpan<char> first = Digits(a), second = Digits(b);
                ReadOnlySpan<char> one = first.TrimStart('0'), two = second.TrimStart('0');
                difference = one.Length != two.Length ? one.Length - two.Length : one.SequenceCompareTo(two);
                a = a[first.Length..];
                b = b[second.Length..];
            }
            else
            {
                difference = a[0] - b[0];
                a = a[1..];
                b = b[1..];
            }
            if (difference != 0)
                return difference;
        }
        // Names that differ by zeros before a number alone are still two names.
        return a.Length != b.Length ? a.Length - b.Length : string.CompareOrdinal(x, y);
    }

    private static ReadOnlySpan<char> Digits(ReadOnlySpan<char> text)
    {
        int end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text : text[..end];
    }
}
