using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Imaging;
using Convolve.Layers;

namespace Convolve.Reporting;

/// <summary>What the brightest and the darkest pixel of a picture of filters mean.</summary>
internal enum FilterScaling
{
    /// <summary>The largest weight of the filter: the structure of every filter can be seen.</summary>
    Each,

    /// <summary>The largest weight of all filters: they can be compared, and those that learned little stay gray.</summary>
    Joint,
}

/// <summary>
/// A picture of the filters of a network's first convolution, in their order, row by row. Mid gray is a weight of 0, brighter is more,
/// darker is less; filters over three channels are in color.
/// </summary>
/// <remarks>Source: Krizhevsky, Sutskever and Hinton 2012, figure 3, which shows 96 filters of 3x11x11 in 6 rows. Filters over another
/// number of channels than 1 or 3 are shown as one gray picture for each channel.</remarks>
internal sealed class FilterSheet
{
    private const int SmallestSide = 40, Gap = 2;
    private const double Landscape = 2.5;
    private readonly byte[] _pixels;

    private FilterSheet(Node node, ImageSize size, int columns) =>
        (Layer, Size, Columns, _pixels) = (node, size, columns, new byte[size.Length]);

    /// <summary>The convolution.</summary>
    public Node Layer { get; }

    /// <summary>Channels (1 or 3), height and width of the picture.</summary>
    public ImageSize Size { get; }

    /// <summary>Filters in a row.</summary>
    public int Columns { get; }

    /// <summary>The picture in planes.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    /// <summary>Draws the filters as they are now, each pixel enlarged to a square.</summary>
    /// <param name="model">Whose.</param>
    /// <param name="scaling">What is brightest and darkest.</param>
    /// <returns>The picture, or null where the network has no convolution.</returns>
    public static FilterSheet? Create(Model model, FilterScaling scaling = FilterScaling.Each)
    {
        ArgumentNullException.ThrowIfNull(model);
        Node? node = model.Graph.Nodes.FirstOrDefault(node => node.Layer is Conv2d);
        if (node?.Layer is not Conv2d convolution)
            return null;
        float[] weights = new float[checked((int)convolution.Parameters(node.Input)[0].Count)];
        model.ReadParameter($"{node.Name}.weight", weights);

        int inputs = node.Input.Channels / convolution.Groups, channels = inputs == 3 ? 3 : 1, height = convolution.Kernel.Height,
            width = convolution.Kernel.Width;
        int count = convolution.Filters * inputs / channels, columns = ColumnsFor(count), rows = (count + columns - 1) / columns;
        int longer = Math.Max(height, width), factor = (SmallestSide + longer - 1) / longer;
        FilterSheet sheet = new(node, new(channels, rows * (height * factor + Gap) + Gap, columns * (width * factor + Gap) + Gap), columns);
        float all = Largest(weights);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> filter = weights.AsSpan(i * channels * height * width, channels * height * width);
            sheet.Put(filter, scaling == FilterScaling.Joint ? all : Largest(filter), new(height, width), factor,
                Gap + i / columns * (height * factor + Gap), Gap + i % columns * (width * factor + Gap));
        }
        return sheet;
    }

    /// <summary>The picture as a PNG file.</summary>
    /// <exception cref="ImageLibraryException">The library is not installed.</exception>
    public byte[] ToPng() => PngEncoder.Encode(_pixels, Size.Channels, Size.Height, Size.Width);

    // Full rows, in the shape of a landscape.
    private static int ColumnsFor(int count)
    {
        int best = Enumerable.Range(1, count).Where(columns => count % columns == 0)
            .MinBy(columns => Math.Abs(Math.Log((double)columns * columns / count / Landscape)));
        double aspect = (double)best * best / count;
        return aspect is >= 1 and <= 8 ? best : (int)Math.Ceiling(Math.Sqrt(count * Landscape));
    }

    private static float Largest(ReadOnlySpan<float> weights)
    {
        float largest = 0;
        foreach (float weight in weights)
            largest = Math.Max(largest, float.IsFinite(weight) ? Math.Abs(weight) : 0);
        return largest;
    }

    private void Put(ReadOnlySpan<float> filter, float largest, Size2 kernel, int factor, int top, int left)
    {
        for (int c = 0; c < Size.Channels; c++)
            for (int y = 0; y < kernel.Height * factor; y++)
                for (int x = 0; x < kernel.Width * factor; x++)
                {
                    float weight = filter[(c * kernel.Height + y / factor) * kernel.Width + x / factor], share = largest > 0
                        && float.IsFinite(weight) ? weight / largest : 0;
                    _pixels[(c * Size.Height + top + y) * Size.Width + left + x] = (byte)MathF.Round(127.5f + 127.5f * share);
                }
    }
}
