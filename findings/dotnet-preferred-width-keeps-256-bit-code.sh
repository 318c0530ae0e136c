#!/usr/bin/env bash
# .NET: DOTNET_PreferredVectorBitWidth=128 is the documented way to see how code with vectors runs where registers have 128 bits.
# Guess: with it, Vector256 operations are compiled as two of 128 bits, as on ARM64.
# Found: Vector256.IsHardwareAccelerated says False, and yet Vector256 code is compiled for whole 256-bit registers (ymm). Only
# DOTNET_EnableAVX2=0 and DOTNET_EnableAVX=0 give the code of the narrow machine.
# Needs: .NET 10 SDK, an x64 processor with AVX2.
set -euo pipefail
grep -qw avx2 /proc/cpuinfo || { echo 'this processor has no AVX2'; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >app.csproj <<'X'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><AllowUnsafeBlocks>true</AllowUnsafeBlocks>
    <InvariantGlobalization>true</InvariantGlobalization></PropertyGroup>
</Project>
X
cat >app.cs <<'X'
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
float[] x = new float[8], y = new float[8];
Doubled(x, y);
System.Console.WriteLine(Vector256.IsHardwareAccelerated);
[MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
static void Doubled(float[] from, float[] to) { var v = Vector256.LoadUnsafe(ref from[0]); (v + v).StoreUnsafe(ref to[0]); }
X
dotnet build -c Release -v q -nologo >/dev/null
see() { # name=value
    local code accelerated
    accelerated=$(env "$1" DOTNET_JitDisasm='*Doubled*' DOTNET_JitStdOutFile="$work/code" dotnet bin/Release/net10.0/app.dll)
    code=$(grep -qw 'ymm[0-9]*' "$work/code" && echo 256 || echo 128)
    rm "$work/code"
    echo "$1: Vector256 accelerated $accelerated, registers of $code bits"
}
{
    see DOTNET_NONE=0
    see DOTNET_PreferredVectorBitWidth=128
    see DOTNET_EnableAVX=0
} | tee seen.txt
diff seen.txt - <<'X' || { echo 'the behavior has changed'; exit 1; }
DOTNET_NONE=0: Vector256 accelerated True, registers of 256 bits
DOTNET_PreferredVectorBitWidth=128: Vector256 accelerated False, registers of 256 bits
DOTNET_EnableAVX=0: Vector256 accelerated False, registers of 128 bits
X
echo 'as described'
