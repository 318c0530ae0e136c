using Convolve.Graphs;

namespace Convolve.Profiling;

/// <summary>What a node computes in a step, by the images of it: as measured, between two measurements on the line through them, above
/// the largest in proportion to the images.</summary>
internal sealed class ComputeModel
{
    private readonly (int Images, StepCompute Compute)[] _points;

    private ComputeModel(IEnumerable<(int, StepCompute)> points) => _points = [.. points.OrderBy(point => point.Item1)];

    /// <summary>Of this machine.</summary>
    /// <param name="measured">At least one number of images, and what they take.</param>
    public static ComputeModel Measured(IReadOnlyDictionary<int, StepCompute> measured) =>
        new(measured.Select(point => (point.Key, point.Value)));

    /// <summary>Of a machine that isn't here, whose speed is the same for any number of images.</summary>
    public static ComputeModel OfSpeed(Graph graph, double imagesPerSecond) => new([(1, StepCompute.FromSpeed(graph, 1, imagesPerSecond))]);

    /// <summary>The largest number of images that was measured.</summary>
    public int LargestMeasured => _points[^1].Images;

    /// <summary>Images each second that no larger batch exceeds, since nothing but the images takes time.</summary>
    public double LimitImagesPerSecond => _points[^1].Images / (_points[^1].Compute.Seconds - _points[^1].Compute.UpdateSeconds);

    /// <summary>A step of some images.</summary>
    public StepCompute Of(int images)
    {
        (int largest, StepCompute last) = _points[^1];
        if (images >= largest || _points.Length == 1)
            return last.Scaled((double)images / largest);
        int above = Math.Max(1, Array.FindIndex(_points, point => point.Images >= images));
        ((int low, StepCompute from), (int high, StepCompute to)) = (_points[above - 1], _points[above]);
        return from.Toward(to, (images - low) / (double)(high - low));
    }
}
