#!/usr/bin/env bash
# .NET: a source-generated JsonSerializerContext in a program that is published ReadyToRun.
# Guess: nothing is left to do at the start. The serializer needs no reflection, and the program's code and the framework's are compiled.
# Found: reading one record with properties of value types compiles about 50 generic methods of System.Text.Json at run time for each
# such type (int?, an enum, a struct): they belong to the framework, which was compiled without them, and an image of the program may not
# contain instantiations over types of the framework alone. With properties of reference types, there are few.
# Needs: .NET 10 SDK (restores microsoft.netcore.app.crossgen2), x64 Linux.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >app.csproj <<'X'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable>
    <InvariantGlobalization>true</InvariantGlobalization><RuntimeIdentifier>linux-x64</RuntimeIdentifier>
    <SelfContained>false</SelfContained><PublishReadyToRun>true</PublishReadyToRun></PropertyGroup>
</Project>
X
cat >app.cs <<'X'
using System.Text.Json;
using System.Text.Json.Serialization;
if (args[0] == "words")
    JsonSerializer.Deserialize("""{"A":"1","B":"2","C":"3"}""", All.Default.Words);
else
    JsonSerializer.Deserialize("""{"A":1,"B":2,"C":3}""", All.Default.Numbers);
enum Kind { One, Two, Three }
record Words(string? A, string? B, string? C);
record Numbers(int? A, Kind B, long C);
[JsonSerializable(typeof(Words)), JsonSerializable(typeof(Numbers))]
partial class All : JsonSerializerContext;
X
dotnet publish -c Release -v q -nologo -o out >/dev/null
compiled() { # words|numbers: how many methods of System.Text.Json the run compiles
    DOTNET_JitStdOutFile=$work/$1 DOTNET_JitDisasmSummary=1 ./out/app "$1"
    grep -c 'JIT compiled System\.Text\.Json' "$work/$1" || true
}
words=$(compiled words) numbers=$(compiled numbers)
echo ".NET $(dotnet --version): $words methods of System.Text.Json compiled for properties of strings, $numbers for an int?, an enum and a long"
((words < 20 && numbers > 80)) || { echo 'the behavior has changed'; exit 1; }
echo 'as described'
