#!/usr/bin/env bash
# JPEG in .NET: the pixels depend on the decoder, far beyond rounding, so a classifier can answer differently.
# Guess: decoders differ by a level or two, since the standard leaves only the rounding of the inverse transform open.
# Found: where color has half the resolution (the default of most cameras and encoders), SkiaSharp, NetVips and Magick.NET give equal pixels and StbImageSharp
# nearly so: color is interpolated. ImageSharp 2.1.13 and LibJpeg.NET 1.5.324 repeat it: along colored edges by 60 to 90 levels off. At full resolution all agree.
# Needs: .NET 10 SDK, NuGet, x64.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >app.csproj <<'X'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><NuGetAudit>false</NuGetAudit>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="SkiaSharp" Version="4.155.0" />
    <PackageReference Include="SkiaSharp.NativeAssets.Linux.NoDependencies" Version="4.155.0" />
    <PackageReference Include="NetVips" Version="3.2.0" />
    <PackageReference Include="NetVips.Native.linux-x64" Version="8.18.7" />
    <PackageReference Include="Magick.NET-Q8-x64" Version="15.1.0" />
    <PackageReference Include="StbImageSharp" Version="2.30.16" />
    <PackageReference Include="SixLabors.ImageSharp" Version="2.1.13" />
    <PackageReference Include="BitMiracle.LibJpeg.NET" Version="1.5.324" />
  </ItemGroup>
</Project>
X
cat >app.cs <<'X'
using System.Globalization;
using SkiaSharp;
const int Side = 64;
using SKBitmap picture = new(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque);
for (int y = 0; y < Side; y++)
    for (int x = 0; x < Side; x++)
        picture.SetPixel(x, y, (y / 7 + x / 5) % 2 == 0 ? new(220, 30, 40) : new(20, 60, 210));
foreach (SKJpegEncoderDownsample color in (SKJpegEncoderDownsample[])[SKJpegEncoderDownsample.Downsample444, SKJpegEncoderDownsample.Downsample420])
{
    using SKPixmap pixels = picture.PeekPixels();
    using SKData data = pixels.Encode(new SKJpegEncoderOptions(90, color, SKJpegEncoderAlphaOption.Ignore));
    byte[] file = data.ToArray();
    using SKBitmap decoded = SKBitmap.Decode(file);
    byte[] skia = [.. decoded.Pixels.SelectMany(p => (byte[])[p.Red, p.Green, p.Blue])];
    using NetVips.Image vips = NetVips.Image.NewFromBuffer(file);
    using ImageMagick.MagickImage magick = new(file);
    using var sharp = SixLabors.ImageSharp.Image.Load<SixLabors.ImageSharp.PixelFormats.Rgb24>(file);
    using BitMiracle.LibJpeg.JpegImage bit = new(new MemoryStream(file));
    (string Name, byte[] Pixels)[] others =
    [
        ("NetVips", vips.WriteToMemory<byte>()), ("Magick.NET", magick.GetPixels().ToByteArray("RGB")!),
        ("StbImageSharp", StbImageSharp.ImageResult.FromMemory(file, StbImageSharp.ColorComponents.RedGreenBlue).Data),
        ("ImageSharp", [.. from y in Enumerable.Range(0, Side) from x in Enumerable.Range(0, Side) from c in (byte[])[sharp[x, y].R, sharp[x, y].G, sharp[x, y].B] select c]),
        ("LibJpeg.NET", [.. Enumerable.Range(0, Side).SelectMany(y => bit.GetRow(y).ToBytes())]),
    ];
    foreach ((string name, byte[] values) in others)
    {
        int[] off = [.. skia.Zip(values, (a, b) => Math.Abs(a - b))];
        string size = off.Max() switch { 0 => "equal", < 4 => "less than 4 levels off", < 50 => "less than 50", _ => "more than 50 levels off" };
        Console.WriteLine($"{color}, {name}: {size}{(off.Average() > 5 ? ", more than 5 in the mean" : "")}");
    }
}
X
dotnet run -c Release 2>build.txt | tee seen.txt || { cat build.txt; exit 2; }
diff seen.txt - <<'X' || { echo 'the behavior has changed'; exit 1; }
Downsample444, NetVips: equal
Downsample444, Magick.NET: equal
Downsample444, StbImageSharp: less than 4 levels off
Downsample444, ImageSharp: less than 4 levels off
Downsample444, LibJpeg.NET: less than 4 levels off
Downsample420, NetVips: equal
Downsample420, Magick.NET: equal
Downsample420, StbImageSharp: less than 4 levels off
Downsample420, ImageSharp: more than 50 levels off, more than 5 in the mean
Downsample420, LibJpeg.NET: more than 50 levels off, more than 5 in the mean
X
echo 'as described'
