#!/usr/bin/env pwsh
# Runs Convolve from a checkout: builds when the sources changed, and runs the program. The launcher of Linux is ./convolve.
$program = Join-Path $PSScriptRoot 'src/Convolve.Cli/bin/Release/net10.0/Convolve.Cli.dll'
$project = Join-Path $PSScriptRoot 'src/Convolve.Cli/Convolve.Cli.csproj'

function Stop-Convolve([int]$code, [string]$why) {
    [Console]::Error.WriteLine("convolve: $why")
    exit $code
}

if (-not (Get-Command dotnet -ErrorAction Ignore) -or -not (dotnet --list-sdks | Where-Object { $_ -like '10.0.*' })) {
    Stop-Convolve 2 'the .NET 10 SDK is needed. Install it from https://dotnet.microsoft.com/download/dotnet/10.0'
}

$sources = @(Get-ChildItem $PSScriptRoot -File | Where-Object Name -Match '^(Directory\..*|global\.json)$') +
    @(Get-ChildItem (Join-Path $PSScriptRoot 'src') -Recurse -File | Where-Object FullName -NotMatch '[\\/](bin|obj)[\\/]')
$newest = ($sources | Measure-Object LastWriteTimeUtc -Maximum).Maximum
if (-not (Test-Path $program) -or (Get-Item $program).LastWriteTimeUtc -lt $newest) {
    [Console]::Error.WriteLine('convolve: building ...')
    $log = dotnet build $project -c Release -nologo -v:quiet -clp:NoSummary -tl:off --disable-build-servers -p:RunAnalyzers=false
    if ($LASTEXITCODE) {
        $log | ForEach-Object { [Console]::Error.WriteLine($_) }
        Stop-Convolve 1 'the build failed'
    }
    (Get-Item $program).LastWriteTimeUtc = [DateTime]::UtcNow # a build that found nothing to compile leaves it as it was
}

# Commands in messages begin with what was typed.
$before = $env:CONVOLVE_PROGRAM
if (-not $before) { $env:CONVOLVE_PROGRAM = $MyInvocation.InvocationName }
try { dotnet $program @args }
finally { $env:CONVOLVE_PROGRAM = $before }
exit $LASTEXITCODE
