using Convolve.Imaging;
using Convolve.Kernels;

namespace Convolve.Cli.Tests;

/// <summary>Small color pictures of two classes, horizontal and vertical stripes with noise, as PNG files.</summary>
internal static class Photos
{
    /// <summary>The class of the picture "photo.png".</summary>
    public const string Label = "horizontal";

    private const int Width = 40, Height = 30;

    /// <summary>Writes photos/horizontal, photos/vertical, and photo.png, which is in neither.</summary>
    public static void Write(string folder, int countOfClass)
    {
        foreach (bool isHorizontal in new[] { true, false })
        {
            string photos = Directory.CreateDirectory(Path.Combine(folder, "photos", isHorizontal ? Label : "vertical")).FullName;
            for (int i = 0; i < countOfClass; i++)
                File.WriteAllBytes(Path.Combine(photos, $"{i}.png"), Stripes(isHorizontal, i));
        }
        File.WriteAllBytes(Path.Combine(folder, "photo.png"), Stripes(isHorizontal: true, countOfClass));
    }

    private static byte[] Stripes(bool isHorizontal, int seed)
    {
        CounterRandom random = new((ulong)seed, default, isHorizontal ? 1u : 2u);
        int width = 3 + random.NextInt32(4), shift = random.NextInt32(8);
        byte[] planes = new byte[3 * Height * Width];
        for (int i = 0; i < planes.Length; i++)
        {
            (int row, int column) = (i % (Height * Width) / Width, i % Width);
            planes[i] = (byte)(((isHorizontal ? row : column) + shift) / width % 2 * 150 + random.NextInt32(90));
        }
        return PngEncoder.Encode(planes, 3, Height, Width);
    }
}
