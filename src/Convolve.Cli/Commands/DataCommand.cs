using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Data.Folders;

namespace Convolve.Cli.Commands;

/// <summary>convolve data list, convolve data fetch SET..., convolve data verify [SET...]</summary>
internal static class DataCommand
{
    private const int ShownDigits = 12;

    public static Command Create() => new("data", "List, download, check and preview data sets.") { CreateList(), CreateFetch(),
        CreateVerify(), PreviewCommand.Create() };

    private static Command CreateList()
    {
        Option<string?> directory = Inputs.DataDirectory();
        Option<bool> json = Inputs.Json();
        Command command = new("list", "List the known data sets and where they are.") { directory, json };
        command.SetAction(line => List(new(line.GetValue(json)), Inputs.DataOptions(line.GetValue(directory))));
        return command;
    }

    private static Command CreateFetch()
    {
        Argument<string[]> sets = new("SET")
        {
            HelpName = "SET",
            Arity = ArgumentArity.OneOrMore,
            Description = $"The data sets: {string.Join(", ", Datasets.All.Select(d => d.Name))}.",
        };
        Option<string?> directory = Inputs.Word("--data-dir", "DIR", "Where to put the files, in one folder per data set. Default: the " +
            "cache.");
        Option<string[]> mirrors = new("--mirror")
        {
            HelpName = "URL",
            Description =
            "Download from this address instead of the data set's own mirrors. It has one folder per data set, such as " +
            "URL/cifar10/cifar-10-binary.tar.gz. Can be repeated. Default: CONVOLVE_MIRRORS, or the data set's own mirrors.",
        };
        Option<bool> json = Inputs.Json();
        Command command = new("fetch",
            "Download the missing or damaged files of data sets. Interrupted downloads resume, and an archive in the data set's folder " +
            "is unpacked.") { sets, directory, mirrors, json };
        command.SetAction(line => Fetch(new(line.GetValue(json)), line.GetRequiredValue(sets),
            Inputs.DataOptions(line.GetValue(directory) is { } place ? OutputPath.Folder(place, directory.Name)
            : null) with
            { Mirrors = line.GetValue(mirrors) is { Length: > 0 } named ? named : null }));
        return command;
    }

    private static Command CreateVerify()
    {
        Argument<string[]> sets = new("SET")
        {
            HelpName = "SET",
            Arity = ArgumentArity.ZeroOrMore,
            Description = $"The data sets to check: {Inputs.Sets}. Default: all that are found.",
        };
        Option<string?> directory = Inputs.DataDirectory();
        Option<bool> json = Inputs.Json();
        Command command = new("verify",
            "Check every file of data sets: present, complete and identical to the published file, or a valid picture; for a folder, its " +
            "classes and splits too. The exit code is 2 if something is wrong. A CIFAR copy with other bytes in the same layout is " +
            "reported, but is not an error.")
        {
            sets, directory, json,
        };
        command.SetAction(line => Verify(new(line.GetValue(json)), line.GetValue(sets) ?? [],
            Inputs.DataOptions(line.GetValue(directory))));
        return command;
    }

    private static int List(Output output, DatasetOptions options)
    {
        List<DatasetLocation> all = [.. Datasets.All.Select(d => Datasets.Locate(d.Name, options))];
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["datasets"] = new JsonArray([.. all.Select(d => new JsonObject
                {
                    ["name"] = d.Info.Name,
                    ["description"] = d.Info.Description,
                    ["image"] = $"{d.Info.Size}",
                    ["classes"] = d.Info.ClassNames.Count,
                    ["train_images"] = d.Info.TrainCount,
                    ["test_images"] = d.Info.TestCount,
                    ["folder"] = d.Directory,
                })]),
            });
            return Failures.Success;
        }
        Table table = Output.Columns("set", new("images") { Rank = 3 }, new("classes#") { Rank = 2 }, "training#", "test#",
            new("folder") { IsPath = true });
        foreach (DatasetLocation set in all)
        {
            Output.Row(table, set.Info.Name, $"{set.Info.Size}", Format.Count(set.Info.ClassNames.Count), Format.Count(set.Info.TrainCount),
                Format.Count(set.Info.TestCount),
                set.Directory ?? (options.DataDirectory is null ? "not found; downloaded when needed" : "not found"));
        }
        output.Table(table);
        return Failures.Success;
    }

    private static int Fetch(Output output, string[] names, DatasetOptions options)
    {
        using Interruption interruption = new("stopping the download ...");
        List<DatasetLocation> fetched = [];
        using (DataScreen screen = new(output))
        {
            try
            {
                foreach (string name in names)
                    _ = Datasets.Find(name); // report a misspelled one before the others are downloaded
                fetched.AddRange(names.Select(n => Datasets.Fetch(n, options, screen, interruption.Token)));
            }
            catch (OperationCanceledException)
            {
                screen.Dispose();
                Failures.Say("interrupted: partial downloads were kept; run the same command again to resume");
                return Failures.Interrupted;
            }
        }
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["datasets"] = new JsonArray([.. fetched.Select(d => new JsonObject { ["name"] = d.Info.Name, ["folder"] = d.Directory })]),
            });
        }
        else
        {
            fetched.ForEach(d => output.Line($"{d.Info.Name} is complete in {d.Directory}"));
        }
        return Failures.Success;
    }

    private static int Verify(Output output, string[] names, DatasetOptions options)
    {
        if (names.Length == 0)
            names = [.. Datasets.All.Select(d => d.Name).Where(name => Datasets.Locate(name, options).IsFound)];
        if (names.Length == 0)
            throw new UsageException(
                $"No data sets found. Name one to see what is missing: {string.Join(", ", Datasets.All.Select(d => d.Name))}.");
        using Interruption interruption = new("stopping ...");
        List<DatasetReport> reports = [.. names.Where(name => !ImageFolder.IsName(name))
            .Select(name => Datasets.Verify(name, options, interruption.Token))];
        List<ImageFolderReport> folders = [];
        using (DataScreen screen = new(output))
            folders.AddRange(names.Where(ImageFolder.IsName).Select(name => ImageFolder.Verify(name, options, screen, interruption.Token)));
        if (output.IsJson)
            Output.Json(new() { ["datasets"] = new JsonArray([.. reports.Select(Json), .. folders.Select(FolderScreen.Json)]) });
        else if (reports.Count > 0)
            output.Table(TableOf(reports));
        foreach (DatasetFileReport file in reports.SelectMany(r => r.Files).Where(f => !f.IsOk))
            Failures.Say(file.Problem!);
        foreach (string note in reports.Where(r => r.IsOk).Select(r => r.Note).OfType<string>())
            Failures.Say(note);
        folders.ForEach(folder => FolderScreen.Show(output, folder));
        return reports.All(r => r.IsOk) && folders.All(f => f.IsOk) ? Failures.Success : Failures.BadInput;
    }

    private static JsonObject Json(DatasetReport r) => new()
    {
        ["name"] = r.Info.Name,
        ["folder"] = r.Directory,
        ["ok"] = r.IsOk,
        ["published"] = r.IsPublished,
        ["note"] = r.Note,
        ["files"] = new JsonArray([.. r.Files.Select(f => new JsonObject
        {
            ["name"] = f.Name,
            ["path"] = f.Path,
            ["bytes"] = f.Bytes,
            ["digest"] = f.Digest,
            ["expected_digest"] = f.ExpectedDigest,
            ["digest_kind"] = f.DigestKind,
            ["ok"] = f.IsOk,
            ["problem"] = f.Problem,
            ["note"] = f.Note,
        })]),
    };

    private static Table TableOf(IEnumerable<DatasetReport> reports)
    {
        Table table = Output.Columns("set", "file", "bytes#", new("digest") { Rank = 3 }, "state", new("path") { Rank = 2, IsPath = true });
        foreach (DatasetReport report in reports)
            foreach (DatasetFileReport file in report.Files)
                Output.Row(table, report.Info.Name, file.Name, Format.Count(file.Bytes), Digest(file), State(file), file.Path ?? "-");
        return table;
    }

    // The first digits are enough; --json has all.
    private static string Digest(DatasetFileReport file) => file.Digest is null ? "-"
        : $"{file.DigestKind} {file.Digest[..Math.Min(ShownDigits, file.Digest.Length)]}";

    private static string State(DatasetFileReport file) => file.Path is null ? "missing" : !file.IsOk ? "damaged" : file.Note is null ? "ok"
        : "other bytes";
}
