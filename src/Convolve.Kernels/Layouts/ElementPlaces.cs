
namespace Convolve.Kernels.Layouts;

/// <summary>
/// Where the elements of a tensor are, as a matrix: element (row, column) is at the sum of the two offsets, for every plain or blocked
/// layout. In row-major order the columns of a row are contiguous.
/// </summary>
internal sealed class ElementPlaces
{
    // Weights O, I, H, W and G, O, I, H, W have a row for each filter, O, I for each unit, images N, C, H, W for each image.
    private const int ColumnAxes = 3;

    /// <param name="layout">Plain or blocked.</param>
    /// <param name="channelsInside">Whether the columns go over the channels within each tap, and not, as in row-major order, over the taps
    /// within each channel.</param>
    public ElementPlaces(Layout layout, bool channelsInside = false)
    {
        IReadOnlyList<long> sizes = layout.Sizes;
        int split = sizes.Count > 2 ? Math.Max(0, sizes.Count - ColumnAxes) : sizes.Count - 1;
        int[] inside = [.. Enumerable.Range(split, sizes.Count - split)];
        (Rows, RowPadding) = Combine(layout, sizes, [.. Enumerable.Range(0, split)]);
        (Columns, ColumnPadding) = Combine(layout, sizes, channelsInside ? [.. inside.Skip(1), split] : inside);
    }

    /// <summary>Of each row that holds elements.</summary>
    public int[] Rows { get; }

    /// <summary>Of each row that only fills up the blocks.</summary>
    public int[] RowPadding { get; }

    public int[] Columns { get; }

    public int[] ColumnPadding { get; }

    public long Elements => (long)Rows.Length * Columns.Length;

    public bool HasPadding => RowPadding.Length + ColumnPadding.Length > 0;

    private static (int[] Elements, int[] Padding) Combine(Layout layout, IReadOnlyList<long> sizes, int[] axes)
    {
        List<int> elements = [0], padding = [];
        foreach (int axis in axes)
        {
            int[] offsets = [.. layout.OffsetsOf(axis).Select(o => checked((int)o))], inside = offsets[..(int)sizes[axis]],
                outside = offsets[inside.Length..];
            padding = [.. Sums(padding, offsets), .. Sums(elements, outside)];
            elements = Sums(elements, inside);
        }
        return ([.. elements], [.. padding]);
    }

    private static List<int> Sums(List<int> outer, int[] inner)
    {
        List<int> sums = new(outer.Count * inner.Length);
        foreach (int o in outer)
            foreach (int i in inner)
                sums.Add(checked(o + i));
        return sums;
    }
}
