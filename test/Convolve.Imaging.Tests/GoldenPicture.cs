using System.Text.Json;

namespace Convolve.Imaging.Tests;

/// <summary>A file, and what PIL makes of it (golden/make_golden.py): rows of pixels.</summary>
internal sealed record GoldenPicture(string Name, int Channels, int Height, int Width, byte[] File, byte[] Rgb, byte[] Grey)
{
    public static IReadOnlyList<GoldenPicture> All { get; } = Load();

    public static GoldenPicture Named(string name) => All.Single(p => p.Name == name);

    public bool IsJpeg => File[0] == 0xFF;

    public ImageFormat Format => IsJpeg ? ImageFormat.Jpeg : File[0] switch
    {
        (byte)'R' => ImageFormat.WebP,
        (byte)'B' => ImageFormat.Bmp,
        (byte)'G' => ImageFormat.Gif,
        _ => ImageFormat.Png,
    };

    /// <summary>The picture in planes, as the decoder gives it.</summary>
    public byte[] Planes(int channels) => channels == 1 ? Grey
        : [.. Enumerable.Range(0, 3).SelectMany(c => Rgb.Where((_, i) => i % 3 == c))];

    private static List<GoldenPicture> Load()
    {
        using JsonDocument json =
            JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden/pictures.json")));
        return [.. json.RootElement.EnumerateArray()
            .Select(e => new GoldenPicture(e.GetProperty("name").GetString()!, e.GetProperty("channels").GetInt32(),
            e.GetProperty("height").GetInt32(), e.GetProperty("width").GetInt32(),
            e.GetProperty("file").GetBytesFromBase64(), e.GetProperty("rgb").GetBytesFromBase64(),
            e.GetProperty("grey").GetBytesFromBase64()))];
    }
}
