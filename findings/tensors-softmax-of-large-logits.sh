#!/usr/bin/env bash
# System.Numerics.Tensors: TensorPrimitives.SoftMax of logits that a network may well have is NaN.
# Guess: as in every framework, the largest value is subtracted first, so that the result is the same for x and x + c.
# Found: exp overflows in single precision from 88.8 on, and all probabilities are NaN; far below 0 they are NaN too (0 / 0). So in 10.0.15 and in 11.0.0.
# Subtract TensorPrimitives.Max before.
# Needs: .NET 10 SDK, NuGet.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >app.cs <<'X'
using System.Numerics.Tensors;
foreach (float offset in (float[])[0, 80, 90, -110])
{
    float[] logits = [1 + offset, 2 + offset, 0 + offset], shifted = new float[3], probabilities = new float[3];
    TensorPrimitives.SoftMax<float>(logits, probabilities);
    TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), shifted);
    float[] stable = new float[3];
    TensorPrimitives.SoftMax<float>(shifted, stable);
    string Show(float[] values) => string.Join(' ', values.Select(v => v.ToString("F3", System.Globalization.CultureInfo.InvariantCulture)));
    Console.WriteLine($"logits {Show(logits)}: {Show(probabilities)}; less the largest: {Show(stable)}");
}
X
for version in 10.0.15 11.0.0; do
    cat >app.csproj <<X
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup><PackageReference Include="System.Numerics.Tensors" Version="$version" /></ItemGroup>
</Project>
X
    echo "System.Numerics.Tensors $version"
    dotnet run -c Release
done | tee seen.txt
lines='logits 1.000 2.000 0.000: 0.245 0.665 0.090; less the largest: 0.245 0.665 0.090
logits 81.000 82.000 80.000: 0.245 0.665 0.090; less the largest: 0.245 0.665 0.090
logits 91.000 92.000 90.000: NaN NaN NaN; less the largest: 0.245 0.665 0.090
logits -109.000 -108.000 -110.000: NaN NaN NaN; less the largest: 0.245 0.665 0.090'
printf 'System.Numerics.Tensors 10.0.15\n%s\nSystem.Numerics.Tensors 11.0.0\n%s\n' "$lines" "$lines" |
    diff seen.txt - || { echo 'the behavior has changed'; exit 1; }
echo 'as described'
