using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Cli.Tests.Doctor;

/// <summary>
/// Runs the doctor on the set-ups of setups.txt and of every other table beside it. CONVOLVE_DOCTOR_SETUPS is a regular expression for the
/// names of those to run; CONVOLVE_DOCTOR_RESULTS a file that keeps the results of several such parts, CONVOLVE_DOCTOR_SETS a folder for
/// the pictures that are made, CONVOLVE_DOCTOR_TABLES one for the tables; CONVOLVE_DATA has MNIST, and
/// CONVOLVE_DOCTOR_CIFAR is a folder of CIFAR-10's pictures (train/CLASS, test/CLASS). Rows whose data isn't here are left out.
/// </summary>
public sealed class SetupTests(ITestOutputHelper output)
{
    // The checks were written with this one in view; from those that others wrote less is asked.
    private const string OwnTable = "setups";

    private static readonly string Folder = Environment.GetEnvironmentVariable("CONVOLVE_DOCTOR_TABLES")
        ?? Path.Combine(AppContext.BaseDirectory, "Doctor");

    [Fact, Trait("Category", "Slow")]
    public void TheRightCauseIsNamedAndCleanRunsAreSilent()
    {
        Regex wanted = new(Environment.GetEnvironmentVariable("CONVOLVE_DOCTOR_SETUPS") ?? "");
        using Cli place = new();
        SetupData data = new(Environment.GetEnvironmentVariable("CONVOLVE_DOCTOR_SETS") ?? place.Folder,
            Environment.GetEnvironmentVariable("CONVOLVE_DOCTOR_CIFAR"));
        string? file = Environment.GetEnvironmentVariable("CONVOLVE_DOCTOR_RESULTS");
        Dictionary<string, SetupResult> all = (file is not null && File.Exists(file) ? File.ReadLines(file) : [])
            .Select(SetupResult.Read).ToDictionary(r => r.Name);
        List<SetupResult> done = [];
        foreach (Setup setup in Directory.GetFiles(Folder, "*.txt").Order(StringComparer.Ordinal).SelectMany(Setup.Read)
            .Where(s => wanted.IsMatch(s.Name)))
        {
            if (Run(setup, data, place) is not { } result)
                continue;
            done.Add(result);
            all[setup.Name] = result;
            output.WriteLine($"{(result.IsRight ? "  " : "! ")}{result.Line}");
            if (file is not null)
                File.WriteAllLines(file, all.Values.Select(r => r.Line));
        }
        output.WriteLine(SetupResult.Summary([.. all.Values]));
        Assert.DoesNotContain(done, r => r.IsClean && r.Found == SetupResult.Failed);
        Assert.InRange(done.Count(r => r.IsClean && r.IsDetected), 0, Math.Max(1, done.Count(r => r.IsClean) / 60));
        foreach (IGrouping<string, SetupResult> table in done.Where(r => !r.IsClean).GroupBy(r => r.Table))
        {
            bool isOwn = table.Key == OwnTable;
            int faulty = table.Count();
            Assert.InRange(table.Count(r => r.IsRight), (isOwn ? 0.85 : 0.75) * faulty, faulty);
            if (isOwn)
                Assert.InRange(table.Count(r => r.IsDetected), 0.95 * faulty, faulty);
        }
    }

    private static SetupResult? Run(Setup setup, SetupData data, Cli place)
    {
        if (data.Of(setup.Data) is not { } set)
            return null;
        string network = setup.Network;
        if (SetupNetwork.IsDescribed(network))
        {
            Shape input = setup.Data.StartsWith("cifar10", StringComparison.Ordinal) ? (3, 32, 32) : (1, 28, 28);
            File.WriteAllText(network = place.At($"{setup.Name}.json"), GraphJson.Write(SetupNetwork.Read(setup.Network, input)));
        }
        string[] options = [.. setup.Options.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(setup.IsRun ? 1 : 0)];
        long start = Stopwatch.GetTimestamp();
        CliResult said;
        if (setup.IsRun)
        {
            string run = place.At(setup.Name);
            InProcess.Run(100, ["train", network, "--data", set, "--out", run, "--quiet", .. options]);
            said = InProcess.Run(100, ["doctor", run, "--json"]);
        }
        else
        {
            said = InProcess.Run(100, ["doctor", network, "--data", set, "--json", .. options]);
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (said.Status != 0)
            return new(setup.Table, setup.Name, setup.Number, string.Join(',', setup.Accepted), SetupResult.Failed,
                said.Errors.ReplaceLineEndings(" "), seconds);
        JsonArray findings = said.Json["findings"]!.AsArray();
        return new(setup.Table, setup.Name, setup.Number, string.Join(',', setup.Accepted),
            string.Join(',', findings.Select(f => (string)f!["fault"]!)), findings.Count > 0 ? (string)findings[0]!["cause"]! : "",
            seconds);
    }
}
