using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Imaging;
using Convolve.Layers;
using Convolve.Reporting;

namespace Convolve.Tests.Reporting;

/// <summary>Pictures of filters: each weight at its place, grey for 0, and the scale that was asked for.</summary>
public class FilterSheetTests
{
    private static FilterSheet Draw(int channels, int filters, int kernel, float[] weights, FilterScaling scaling)
    {
        Graph graph = Graph.Sequential("f", (channels, 8, 8),
            [new ReLU(), new Conv2d(filters, kernel, bias: false), new Flatten(), new Linear(2)]);
        using Model model = new(graph, new() { Precision = Convolve.Planning.Precision.Float32 });
        model.WriteParameter("conv1.weight", weights);
        return FilterSheet.Create(model, scaling)!;
    }

    // The picture's bytes at the middle of each pixel of each filter.
    private static byte[] Weights(FilterSheet sheet, int filters, int kernel)
    {
        int factor = (40 + kernel - 1) / kernel, pitch = kernel * factor + 2;
        byte[] pixels = sheet.Pixels.ToArray();
        return [.. from f in Enumerable.Range(0, filters)
                   from c in Enumerable.Range(0, sheet.Size.Channels)
                   from y in Enumerable.Range(0, kernel)
                   from x in Enumerable.Range(0, kernel)
                   select pixels[(c * sheet.Size.Height + 2 + f / sheet.Columns * pitch + y * factor + factor / 2) * sheet.Size.Width + 2
                   + f % sheet.Columns * pitch + x * factor + factor / 2]];
    }

    [Fact]
    public void Grey_is_zero_and_each_filter_has_its_own_scale()
    {
        FilterSheet sheet = Draw(1, 2, 2, [0, 1, -1, .5f, 0, 4, 2, -4], FilterScaling.Each);
        Assert.Equal([128, 255, 0, 191, 128, 255, 191, 0], Weights(sheet, 2, 2));
        Assert.Equal("conv1", sheet.Layer.Name);
    }

    [Fact]
    public void Filters_can_share_a_scale() =>
        Assert.Equal([128, 159, 96, 143, 128, 255, 191, 0],
            Weights(Draw(1, 2, 2, [0, 1, -1, .5f, 0, 4, 2, -4], FilterScaling.Joint), 2, 2));

    [Fact]
    public void Three_channels_are_colors()
    {
        FilterSheet sheet = Draw(3, 1, 1, [1, 0, -1], FilterScaling.Each);
        Assert.Equal(3, sheet.Size.Channels);
        Assert.Equal([255, 128, 0], Weights(sheet, 1, 1));
    }

    [Fact]
    public void Other_channels_stand_side_by_side_in_grey()
    {
        FilterSheet sheet = Draw(2, 2, 1, [1, -1, .5f, 0], FilterScaling.Joint);
        Assert.Equal(1, sheet.Size.Channels);
        Assert.Equal([255, 0, 191, 128], Weights(sheet, 4, 1));
    }

    [Fact]
    public void What_is_no_number_is_grey() =>
        Assert.Equal([128, 255, 128, 128], Weights(Draw(1, 1, 2, [float.NaN, 1, float.PositiveInfinity, 0], FilterScaling.Each), 1, 2));

    [Theory]
    [InlineData(96, 16)]
    [InlineData(64, 16)]
    [InlineData(32, 8)]
    [InlineData(6, 3)]
    [InlineData(1, 1)]
    [InlineData(37, 10)]
    public void Rows_are_full_where_they_can_be(int filters, int columns) =>
        Assert.Equal(columns, Draw(1, filters, 1, new float[filters], FilterScaling.Each).Columns);

    [Fact]
    public void Is_a_png_of_its_size()
    {
        FilterSheet sheet = Draw(3, 4, 3, new float[108], FilterScaling.Each);
        byte[] png = sheet.ToPng();
        ImageInfo info = ImageDecoder.ReadInfo(png, "filters.png");
        Assert.Equal((sheet.Size.Height, sheet.Size.Width), (info.Height, info.Width));
    }

    [Fact]
    public void A_network_without_a_convolution_has_none()
    {
        using Model model = new(Graph.Sequential("l", (1, 2, 2), [new Flatten(), new Linear(2)]));
        Assert.Null(FilterSheet.Create(model));
    }
}
