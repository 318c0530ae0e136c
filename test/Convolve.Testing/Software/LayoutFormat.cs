using System.Globalization;
using System.Text.RegularExpressions;
using Convolve.Kernels.Layouts;

namespace Convolve.Testing.Software;

/// <summary>Layouts by how they print: the order of the axes, then the blocks within, such as "ABcd8b16a2b".</summary>
internal static partial class LayoutFormat
{
    /// <summary>Fills the last block of an axis up.</summary>
    public static Layout Create(ElementType type, IReadOnlyList<long> sizes, string format) => Layout.Dense(type, [.. sizes],
        [.. format[..sizes.Count].Select(letter => char.ToLowerInvariant(letter) - 'a')],
        [.. Block().Matches(format[sizes.Count..])
        .Select(m => new LayoutBlock(m.Groups[2].Value[0] - 'a', int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)))]);

    [GeneratedRegex("([0-9]+)([a-z])")]
    private static partial Regex Block();
}
