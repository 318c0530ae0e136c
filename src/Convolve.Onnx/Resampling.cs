using static Convolve.Onnx.Attributes;

namespace Convolve.Onnx;

/// <summary>Resizing as Convolve resizes: in straight lines between the centers of pixels.</summary>
internal static class Resampling
{
    /// <summary>The first opset whose Resize can smooth.</summary>
    public const int FirstWithAntialias = 18;

    /// <summary>The attributes of Resize.</summary>
    /// <param name="opset">The version of the operators.</param>
    /// <param name="antialias">
    /// Whether shrinking averages over all pixels. Then only pixels of the image count, as in Pillow; a program that repeats those at the
    /// border comes out up to 8 of 255 levels off.
    /// </param>
    public static AttributeProto[] Attributes(int opset, bool antialias = false) =>
    [
        Text("mode", "linear"), Text("coordinate_transformation_mode", "half_pixel"), Int("exclude_outside", antialias ? 1 : 0),
        .. opset >= FirstWithAntialias ? (AttributeProto[])[Int("antialias", antialias ? 1 : 0)] : [],
    ];
}
