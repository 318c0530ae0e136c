#!/usr/bin/env bash
# .NET NativeAOT: the start of a program, and what the program holds but doesn't use in this run.
# Guess: code and types that a run doesn't reach cost nothing but space on the disk, as in a C program.
# Found: the type tables of the whole program are packed in the executable and all unpacked before main (or, with IlcDehydrate=false, all
# relocated by the loader): a program that answers at once touches hundreds of pages more if it also holds a web server that it never
# starts. A fixed address (PositionIndependentExecutable=false) with IlcDehydrate=false leaves the tables in the file until they are read.
# Needs: .NET 10 SDK, clang or gcc, zlib1g-dev, x64 Linux.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >app.csproj <<'X'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><PublishAot>true</PublishAot>
    <InvariantGlobalization>true</InvariantGlobalization><RuntimeIdentifier>linux-x64</RuntimeIdentifier></PropertyGroup>
  <ItemGroup Condition="'$(Server)' == 'true'"><FrameworkReference Include="Microsoft.AspNetCore.App" /></ItemGroup>
  <PropertyGroup Condition="'$(Server)' == 'true'"><DefineConstants>$(DefineConstants);SERVER</DefineConstants></PropertyGroup>
</Project>
X
cat >app.cs <<'X'
if (args.Length == 0)
{
    System.Console.WriteLine("done");
    return;
}
#if SERVER
Microsoft.AspNetCore.Builder.WebApplication.CreateSlimBuilder(args).Build().Run();
#endif
X
faults() { # name properties...
    local name=$1
    shift
    dotnet publish -c Release -v q -nologo -o "$name" "$@" >/dev/null
    python3 - "./$name/app" <<'X'
import resource, subprocess, sys
subprocess.run([sys.argv[1]], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt)
X
    rm -rf obj bin
}
small=$(faults small) large=$(faults large -p:Server=true)
fixed=$(faults fixed -p:Server=true -p:IlcDehydrate=false -p:PositionIndependentExecutable=false)
relocated=$(faults relocated -p:Server=true -p:IlcDehydrate=false)
large=$((large - small)) relocated=$((relocated - small)) fixed=$((fixed - small))
echo ".NET $(dotnet --version), pages that the same run touches more if a server is in the program: $large," \
    "$relocated with IlcDehydrate=false, $fixed with that and a fixed address"
((large > 300 && relocated > 300 && fixed < 100)) || { echo 'the behavior has changed'; exit 1; }
echo 'as described'
