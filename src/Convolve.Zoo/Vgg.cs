using Convolve.Graphs;
using Convolve.Layers;
using static Convolve.Zoo.Blocks;

namespace Convolve.Zoo;

/// <summary>VGG with 11, 13, 16 or 19 layers that learn: blocks of 3x3 convolutions, each block with a pool behind it.</summary>
/// <remarks>
/// Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014, table 1, columns A, B, D and
/// E. Deviations: started as torchvision does (convolutions Kaiming normal by fan out, fully connected layers N(0, 0.01)), where the paper
/// starts deep networks from shallow ones; batch normalization is of 2015, as torchvision adds it. At the default size the weights are
/// torchvision's, one for one.
/// </remarks>
public static class Vgg
{
    /// <summary>The numbers of layers that there are.</summary>
    public static IReadOnlyList<int> Depths { get; } = [11, 13, 16, 19];

    /// <summary>A network of the table.</summary>
    /// <param name="depth">11, 13, 16 or 19.</param>
    /// <param name="classes">Of the last layer.</param>
    /// <param name="input">The shape of one image; 3x224x224 by default, at least 32 rows and columns.</param>
    /// <param name="hasBatchNorm">Whether a batch normalization follows each convolution.</param>
    /// <param name="dropout">The probability, in [0, 1); 0 leaves the layers out.</param>
    /// <exception cref="NetworkException">The depth is not one of <see cref="Depths"/>.</exception>
    public static Graph Create(int depth, int classes = 10, Shape? input = null, bool hasBatchNorm = false, float dropout = 0.5f)
    {
        int[] counts = depth switch
        {
            11 => [1, 1, 2, 2, 2],
            13 => [2, 2, 2, 2, 2],
            16 => [2, 2, 3, 3, 3],
            19 => [2, 2, 4, 4, 4],
            _ => throw new NetworkException($"There is no VGG with {depth} layers. Use one of {string.Join(", ", Depths)}."),
        };
        int[] filters = [64, 128, 256, 512, 512];
        IEnumerable<Layer> Block(int index) =>
        [
            .. Enumerable.Repeat(0, counts[index]).SelectMany(_ => hasBatchNorm ? ConvNormReLU(filters[index], 3, padding: 1)
            : ConvReLU(filters[index], 3, padding: 1)),
            new MaxPool2d(2),
        ];
        return Graph.Sequential($"vgg{depth}{(hasBatchNorm ? "-bn" : "")}", input ?? (3, 224, 224),
        [
            .. Enumerable.Range(0, counts.Length).SelectMany(Block),
            new Flatten(),
            .. LinearReLU(4096), .. DropoutUnlessZero(dropout),
            .. LinearReLU(4096), .. DropoutUnlessZero(dropout),
            new Linear(classes),
        ]).WithInitialization(InitializationScheme.Torchvision);
    }
}
