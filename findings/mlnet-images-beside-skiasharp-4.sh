#!/usr/bin/env bash
# ML.NET: its pictures stop working in a program that also refers to SkiaSharp 4, and neither restore nor build says so.
# Guess: Microsoft.ML.ImageAnalytics 5.0.1 asks for SkiaSharp 2.88 or later without an upper bound, so a program with 4.155 works, or restore or build warns of the major version.
# Found: both succeed without a warning, and reading the pixels of any picture throws MissingMethodException: the method was removed after 2.88. Opening the file still works.
# Needs: .NET 10 SDK, NuGet.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >app.csproj <<'X'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.ML.ImageAnalytics" Version="5.0.1" />
    <PackageReference Include="SkiaSharp" Version="4.155.0" />
    <PackageReference Include="SkiaSharp.NativeAssets.Linux.NoDependencies" Version="4.155.0" />
  </ItemGroup>
</Project>
X
cat >app.cs <<'X'
using Microsoft.ML.Data;
using SkiaSharp;
Console.WriteLine($"ML.NET {typeof(MLImage).Assembly.GetName().Version}, SkiaSharp {typeof(SKBitmap).Assembly.GetName().Version}");
using (SKBitmap bitmap = new(4, 3))
using (SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100))
    File.WriteAllBytes("picture.png", data.ToArray());
using MLImage image = MLImage.CreateFromFile("picture.png");
Console.WriteLine($"opened: {image.Width}x{image.Height}");
try { Console.WriteLine($"pixels: {image.Pixels.Length}"); }
catch (MissingMethodException error) { Console.WriteLine(error.Message); }
X
warnings=$(dotnet build -c Release -nologo -tl:off | grep -c 'warning' || true)
{
    echo "warnings: $warnings"
    dotnet bin/Release/net10.0/app.dll
} | tee seen.txt
diff seen.txt - <<'X' || { echo 'the behavior has changed'; exit 1; }
warnings: 0
ML.NET 1.0.0.0, SkiaSharp 4.155.0.0
opened: 4x3
Method not found: 'System.ReadOnlySpan`1<Byte> SkiaSharp.SKBitmap.GetPixelSpan()'.
X
echo 'as described'
