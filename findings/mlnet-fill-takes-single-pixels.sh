#!/usr/bin/env bash
# ML.NET: whether ResizeImages interpolates depends on how it treats the aspect ratio.
# Guess: IsoPad, IsoCrop and Fill differ in what they do with the rest of a picture that isn't square; the pixels of a square one come out the same.
# Found: stripes of one pixel, black and white, at half the size are gray with IsoPad and IsoCrop, and all black with Fill, which takes the nearest pixel. Fill is the way that
# matches a plain resize to a square, so a network that was trained with interpolation sees other pictures through the usual pipeline before ApplyOnnxModel.
# Needs: .NET 10 SDK, NuGet.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >app.csproj <<'X'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><NoWarn>NU1603</NoWarn>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.ML.ImageAnalytics" Version="5.0.1" />
    <PackageReference Include="SkiaSharp" Version="2.88.9" />
    <PackageReference Include="SkiaSharp.NativeAssets.Linux.NoDependencies" Version="2.88.9" />
  </ItemGroup>
</Project>
X
cat >app.cs <<'X'
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using SkiaSharp;
using (SKBitmap stripes = new(16, 16))
{
    for (int y = 0; y < 16; y++)
        for (int x = 0; x < 16; x++)
            stripes.SetPixel(x, y, x % 2 == 0 ? SKColors.Black : SKColors.White);
    using SKData data = stripes.Encode(SKEncodedImageFormat.Png, 100);
    File.WriteAllBytes("stripes.png", data.ToArray());
}
MLContext ml = new();
IDataView rows = ml.Data.LoadFromEnumerable([new Row { File = "stripes.png" }]);
foreach (ImageResizingEstimator.ResizingKind kind in Enum.GetValues<ImageResizingEstimator.ResizingKind>())
{
    IDataView pixels = ml.Transforms.LoadImages("picture", ".", nameof(Row.File))
        .Append(ml.Transforms.ResizeImages("small", 8, 8, "picture", kind))
        .Append(ml.Transforms.ExtractPixels("pixels", "small")).Fit(rows).Transform(rows);
    float[] values = pixels.GetColumn<float[]>("pixels").First();
    Console.WriteLine($"{kind}: {string.Join(" ", values.Distinct().Order())}");
}
class Row { public string File { get; set; } = ""; }
X
dotnet build -c Release -nologo -v q >/dev/null
dotnet bin/Release/net10.0/app.dll | tee seen.txt
diff seen.txt - <<'X' || { echo 'the behavior has changed'; exit 1; }
IsoPad: 127
IsoCrop: 127
Fill: 0
X
echo 'as described'
