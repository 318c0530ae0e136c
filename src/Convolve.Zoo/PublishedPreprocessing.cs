using System.Globalization;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Graphs;

namespace Convolve.Zoo;

/// <summary>What is done to the pictures of a network whose published weights others trained.</summary>
internal static class PublishedPreprocessing
{
    private const int UsualSize = 224, UsualShorterSide = 256;

    // ImageNet's, as torchvision and timm normalize.
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f], ImageNetStd = [0.229f, 0.224f, 0.225f];

    /// <summary>
    /// For networks that torchvision has too, its own: the shorter side resized to 8/7 of the input's, the center cut out, ImageNet's mean
    /// and standard deviation. For the others: resized to the input, bytes divided by 255.
    /// </summary>
    /// <remarks>
    /// Source: torchvision.models, the transforms of its IMAGENET1K_V1 weights. Its GoogLeNet normalizes a second time inside
    /// (transform_input), which makes mean and standard deviation 0.5.
    /// </remarks>
    /// <param name="graph">The network.</param>
    /// <param name="isTorchvision">Whether its weights are of torchvision or timm.</param>
    /// <param name="classNames">One for each output.</param>
    public static Preprocessing For(Graph graph, bool isTorchvision, IReadOnlyList<string> classNames)
    {
        ImageSize size = new(graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        bool isImageNet = isTorchvision && size.Channels == 3;
        bool isCentered = graph.Name == "googlenet-bn";
        string shorterSide = $"{Math.Min(size.Height, size.Width) * UsualShorterSide / UsualSize}";
        return new()
        {
            Size = size,
            Steps = isImageNet && size.Height == size.Width
                ? TransformList.Parse(string.Create(CultureInfo.InvariantCulture, $"resize:{shorterSide},center-crop:{size.Height}"))
                : TransformList.Empty,
            Mean = !isImageNet ? Repeated(0) : isCentered ? Repeated(.5f) : ImageNetMean,
            Std = !isImageNet ? Repeated(1) : isCentered ? Repeated(.5f) : ImageNetStd,
            ClassNames = classNames,
            ColorOrder = size.Channels == 1 ? "grey" : "rgb",
        };

        float[] Repeated(float value) => [.. Enumerable.Repeat(value, size.Channels)];
    }
}
