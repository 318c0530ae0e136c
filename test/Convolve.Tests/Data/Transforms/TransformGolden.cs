using System.Text.Json;

namespace Convolve.Tests.Data.Transforms;

/// <summary>What Pillow, torchvision and PyTorch make of some images: golden/transforms.json, by golden/make_transforms.py.</summary>
/// <param name="Resizes">Three planes by TestData.Pixels.</param>
/// <param name="ShorterSides">Sizes, and what Resize(256) and Resize(31) make of them.</param>
/// <param name="Colors">A 3x9x13 image.</param>
/// <param name="ColorChanges">What changes of it give.</param>
/// <param name="GreyContrast">Its first plane with a contrast of 1.7.</param>
/// <param name="Rotations">Three planes by TestData.Pixels.</param>
/// <param name="Reflected">Three planes by TestData.Pixels, 5 high and 7 wide, padded 3 by reflection.</param>
/// <param name="CenterCrops">Of one plane by TestData.Pixels.</param>
/// <param name="Eigenvalues">
/// Of six images of 3x4x5, whose bytes are (7 i^2 + 3 i + i / 5) mod 256, from the largest.
/// </param>
/// <param name="Eigenvectors">In their order.</param>
internal sealed record TransformGolden(ResizeGolden[] Resizes, ShorterSideGolden[] ShorterSides, string Colors,
    ColorChangeGolden[] ColorChanges, string GreyContrast, RotationGolden[] Rotations, string Reflected, CenterCropGolden[] CenterCrops,
    float[] Eigenvalues, float[] Eigenvectors)
{
    /// <summary>All of it; bytes are in hexadecimal.</summary>
    public static TransformGolden All { get; } = JsonSerializer.Deserialize<TransformGolden>(
        System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "transforms.json")), JsonSerializerOptions.Web)!;
}

/// <param name="Height">Of the image.</param>
/// <param name="Width">Of the image.</param>
/// <param name="ToHeight">Of the result.</param>
/// <param name="ToWidth">Of the result.</param>
/// <param name="Every">One of this many values is kept.</param>
/// <param name="Pillow">Of all planes, by Pillow.</param>
/// <param name="Plain">Of the first plane, without antialiasing, by PyTorch in double precision.</param>
/// <param name="Antialiased">Of the first plane, with antialiasing, by PyTorch.</param>
internal sealed record ResizeGolden(int Height, int Width, int ToHeight, int ToWidth, int Every, string Pillow, float[] Plain,
    float[] Antialiased);

internal sealed record ShorterSideGolden(int Height, int Width, int Height256, int Width256, int Height31, int Width31);

internal sealed record ColorChangeGolden(string Change, float Factor, string Result);

internal sealed record RotationGolden(int Height, int Width, double Degrees, string Result);

internal sealed record CenterCropGolden(int Height, int Width, int ToHeight, int ToWidth, string Result);
