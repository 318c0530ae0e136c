using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Kernels.Pixels;

namespace Convolve.Tests.Data.Transforms;

/// <summary>Against Pillow, torchvision and PyTorch.</summary>
public sealed class TransformGoldenTests
{
    private static readonly TransformGolden Golden = TransformGolden.All;

    public static TheoryData<int> Resizes => [.. Enumerable.Range(0, Golden.Resizes.Length)];

    public static TheoryData<int> Rotations => [.. Enumerable.Range(0, Golden.Rotations.Length)];

    public static TheoryData<int> ColorChanges => [.. Enumerable.Range(0, Golden.ColorChanges.Length)];

    [Theory, MemberData(nameof(Resizes))]
    public void Resizing_is_pillows_to_the_bit(int number)
    {
        var (height, width, toHeight, toWidth, every, pillow, _, antialiased) = Golden.Resizes[number];
        ImageSize size = new(3, height, width);
        byte[] output = Pictures.Apply([new Resize(new(toHeight, toWidth))], Pictures.Of(size), size).Pixels;
        Assert.Equal(Convert.FromHexString(pillow), Every(output, every));
        // PyTorch computes the same in floats, and rounds nothing between rows and columns.
        byte[] first = Every(output[..(toHeight * toWidth)], every);
        Assert.All(antialiased.Index(), a => Assert.InRange(first[a.Index] - a.Item, -1.01, 1.01));
        // A plane alone gives what it gives among three.
        ImageSize grey = new(1, height, width);
        Assert.Equal(output[..(toHeight * toWidth)], Pictures.Apply([new Resize(new(toHeight, toWidth))], Pictures.Of(grey), grey).Pixels);
    }

    [Theory, MemberData(nameof(Resizes))]
    public void Resizing_without_antialias_is_pytorchs_rounded(int number)
    {
        var (height, width, toHeight, toWidth, every, _, plain, _) = Golden.Resizes[number];
        ImageSize size = new(3, height, width);
        byte[] output = Pictures.Apply([new Resize(new(toHeight, toWidth)) { Antialias = false }], Pictures.Of(size), size).Pixels;
        byte[] first = Every(output[..(toHeight * toWidth)], every);
        Assert.Equal(plain.Length, first.Length);
        Assert.All(plain.Index(), p => Assert.InRange(first[p.Index] - p.Item, -0.50005, 0.50005));
    }

    [Fact]
    public void The_shorter_side_is_torchvisions()
    {
        foreach (var (height, width, height256, width256, height31, width31) in Golden.ShorterSides)
        {
            Assert.Equal(new(1, height256, width256), Resize.ShorterSide(256).Infer(new(1, height, width)));
            Assert.Equal(new(1, height31, width31), Resize.ShorterSide(31).Infer(new(1, height, width)));
        }
    }

    [Theory, MemberData(nameof(ColorChanges))]
    public void Colors_change_as_in_torchvision(int number)
    {
        var (change, factor, result) = Golden.ColorChanges[number];
        byte[] bytes = Convert.FromHexString(Golden.Colors), expected = Convert.FromHexString(result);
        switch (change)
        {
            case "brightness":
                PixelColors.Brightness(bytes, factor);
                break;
            case "contrast":
                PixelColors.Contrast(bytes, 3, factor);
                break;
            case "saturation":
                PixelColors.Saturation(bytes, factor);
                break;
            default:
                PixelColors.Hue(bytes, factor);
                Assert.All(expected.Zip(bytes), p => Assert.InRange(p.First - p.Second, -1, 1)); // where a half is rounded
                Assert.InRange(expected.Zip(bytes).Count(p => p.First != p.Second), 0, expected.Length / 20);
                return;
        }

        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void Contrast_of_grey_is_pillows()
    {
        byte[] bytes = Convert.FromHexString(Golden.Colors)[..117];
        PixelColors.Contrast(bytes, 1, 1.7f);
        Assert.Equal(Convert.FromHexString(Golden.GreyContrast), bytes);
    }

    [Theory, MemberData(nameof(Rotations))]
    public void Turning_is_pillows_to_the_bit(int number)
    {
        var (height, width, degrees, result) = Golden.Rotations[number];
        ImageSize size = new(3, height, width);
        Assert.Equal(Convert.FromHexString(result),
            Pictures.Run(Pictures.Of(size), size, (ref Picture p) => PixelRotation.Turn(ref p, degrees)));
    }

    [Fact]
    public void Reflection_is_torchvisions()
    {
        ImageSize size = new(3, 5, 7);
        byte[] padded = Convert.FromHexString(Golden.Reflected), source = Pictures.Of(size);
        for (int top = 0; top <= 6; top++)
        {
            for (int left = 0; left <= 6; left++)
            {
                byte[] expected = [.. from c in Enumerable.Range(0, 3) from y in Enumerable.Range(top, 5)
                    from x in Enumerable.Range(left, 7)
                                      select padded[(c * 11 + y) * 13 + x]];
                Assert.Equal(expected,
                    Pictures.Run(source, size, (ref Picture p) => PixelMoves.CropReflected(ref p, top - 3, left - 3, 5, 7)));
            }
        }
    }

    [Fact]
    public void The_middle_is_torchvisions()
    {
        foreach (var (height, width, toHeight, toWidth, result) in Golden.CenterCrops)
        {
            ImageSize size = new(1, height, width);
            Assert.Equal(Convert.FromHexString(result),
                Pictures.Apply([new CenterCrop(new(toHeight, toWidth))], Pictures.Of(size), size).Pixels);
        }
    }

    [Fact]
    public void The_components_of_color_are_the_eigenvectors_of_the_covariance()
    {
        byte[] pixels = [.. Enumerable.Range(0, 3 * 6 * 20).Select(i => (byte)(i * (long)i * 7 + i * 3 + i / 5))];
        MemoryDataset set = new("colors", new(3, 4, 5), pixels, new byte[6], ["one"]);
        ColorComponents found = ColorComponents.Of(new("train", set, [0, 1, 2, 3, 4, 5]));
        for (int i = 0; i < 3; i++)
        {
            float[] vector = Golden.Eigenvectors[(i * 3)..(i * 3 + 3)];
            float sign = MathF.Sign(vector.MaxBy(MathF.Abs));
            for (int c = 0; c < 3; c++)
                Assert.Equal(sign * vector[c] * Golden.Eigenvalues[i], found[i, c], 1e-6);
        }
    }

    private static byte[] Every(byte[] values, int every) => [.. values.Where((_, i) => i % every == 0)];
}
