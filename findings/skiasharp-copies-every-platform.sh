#!/usr/bin/env bash
# SkiaSharp: a program that only runs where it is built still gets the native libraries of every platform in its output.
# Guess: 'dotnet build' without a runtime identifier copies what this machine loads, some 12 MB.
# Found: the folders of 17 platforms, hundreds of megabytes, once for each project that refers to it, tests included. Publishing for one platform copies one.
# Needs: .NET 10 SDK, NuGet.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >app.csproj <<'X'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="SkiaSharp" Version="4.155.0" />
    <PackageReference Include="SkiaSharp.NativeAssets.Linux.NoDependencies" Version="4.155.0" />
  </ItemGroup>
</Project>
X
echo 'System.Console.WriteLine(SkiaSharp.SKImageInfo.PlatformColorType);' >app.cs
dotnet build -c Release -v q -nologo >/dev/null
dotnet publish -c Release -r linux-x64 --self-contained false -v q -nologo -o published >/dev/null
out=bin/Release/net10.0/runtimes
{
    echo "SkiaSharp 4.155.0, built: $(find "$out" -mindepth 1 -maxdepth 1 -type d | wc -l) platforms, more than 100 MB: $(($(du -sm "$out" | cut -f1) > 100))"
    echo "published for linux-x64: $(find published -name 'libSkiaSharp*' | wc -l) library, more than 100 MB: $(($(du -sm published | cut -f1) > 100))"
} | tee seen.txt
diff seen.txt - <<'X' || { echo 'the behavior has changed'; exit 1; }
SkiaSharp 4.155.0, built: 17 platforms, more than 100 MB: 1
published for linux-x64: 1 library, more than 100 MB: 0
X
echo 'as described'
