using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Data;
using Spectre.Console;

namespace Convolve.Cli;

/// <summary>convolve data list, convolve data fetch SET..., convolve data verify [SET...]</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "List, fetch, check and look at data sets.") { CreateList(), CreateFetch(), CreateVerify(), PreviewCommand.Create() };

    private static Command CreateList()
    {
        Option<string?> directory = Inputs.DataDirectory();
        Option<bool> json = Inputs.Json();
        Command command = new("list", "List the data sets that are known, and where they lie.") { directory, json };
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
        Option<string?> directory = Inputs.Word("--data-dir", "DIR", "Where the files go, in a folder for each set. Default: the cache.");
        Option<bool> json = Inputs.Json();
        Command command = new("fetch", "Download what is missing of data sets, or is not what it should be.") { sets, directory, json };
        command.SetAction(line => Fetch(new(line.GetValue(json)), line.GetRequiredValue(sets), Inputs.DataOptions(line.GetValue(directory))));
        return command;
    }

    private static Command CreateVerify()
    {
        Argument<string[]> sets = new("SET")
        {
            HelpName = "SET",
            Arity = ArgumentArity.ZeroOrMore,
            Description = $"The data sets to check: {Inputs.Sets}. Default: those that are found.",
        };
        Option<string?> directory = Inputs.DataDirectory();
        Option<bool> json = Inputs.Json();
        Command command = new("verify", "Check every file of data sets: there, whole, and what was published, or a picture; of a folder also its classes and splits. The exit code is 2 if something is wrong.")
        {
            sets, directory, json,
        };
        command.SetAction(line => Verify(new(line.GetValue(json)), line.GetValue(sets) ?? [], Inputs.DataOptions(line.GetValue(directory))));
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
        Table table = Output.Columns("set", "images", "classes#", "training#", "test#", "folder");
        foreach (DatasetLocation set in all)
        {
            Output.Row(table, set.Info.Name, $"{set.Info.Size}", Format.Count(set.Info.ClassNames.Count), Format.Count(set.Info.TrainCount),
                Format.Count(set.Info.TestCount),
                set.Directory ?? "not here; downloaded when asked for");
        }
        output.Table(table);
        return Failures.Success;
    }

    private static int Fetch(Output output, string[] names, DatasetOptions options)
    {
        using Interruption interruption = new("ending the download ...");
        List<DatasetLocation> fetched =
            [.. names.Select(name => Datasets.Fetch(name, options, new Reporter<string>(output.Line), interruption.Token))];
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["datasets"] = new JsonArray([.. fetched.Select(d => new JsonObject { ["name"] = d.Info.Name, ["folder"] = d.Directory })]),
            });
        }
        else
        {
            fetched.ForEach(d => output.Line($"{d.Info.Name} is whole, in {d.Directory}"));
        }
        return Failures.Success;
    }

    private static int Verify(Output output, string[] names, DatasetOptions options)
    {
        if (names.Length == 0)
            names = [.. Datasets.All.Select(d => d.Name).Where(name => Datasets.Locate(name, options).IsFound)];
        if (names.Length == 0)
            throw new UsageException(
                $"There is no data set here. Known are {string.Join(", ", Datasets.All.Select(d => d.Name))}: name one to see what is missing of it.");
        using Interruption interruption = new("ending ...");
        List<DatasetReport> reports = [.. names.Where(name => !ImageFolder.IsName(name)).Select(name => Datasets.Verify(name, options, interruption.Token))];
        List<ImageFolderReport> folders = [.. names.Where(ImageFolder.IsName)
            .Select(name => ImageFolder.Verify(name, options, new Reporter<string>(output.Line), interruption.Token))];
        if (output.IsJson)
            Output.Json(new() { ["datasets"] = new JsonArray([.. reports.Select(Json), .. folders.Select(FolderScreen.Json)]) });
        else if (reports.Count > 0)
            output.Table(TableOf(reports));
        foreach (DatasetFileReport file in reports.SelectMany(r => r.Files).Where(f => !f.IsOk))
            Failures.Say(file.Problem!);
        folders.ForEach(folder => FolderScreen.Show(output, folder));
        return reports.All(r => r.IsOk) && folders.All(f => f.IsOk) ? Failures.Success : Failures.BadInput;
    }

    private static JsonObject Json(DatasetReport r) => new()
    {
        ["name"] = r.Info.Name,
        ["folder"] = r.Directory,
        ["ok"] = r.IsOk,
        ["files"] = new JsonArray([.. r.Files.Select(f => new JsonObject
        {
            ["name"] = f.Name,
            ["path"] = f.Path,
            ["bytes"] = f.Bytes,
            ["md5"] = f.Digest,
            ["expected_md5"] = f.ExpectedDigest,
            ["ok"] = f.IsOk,
            ["problem"] = f.Problem,
        })]),
    };

    private static Table TableOf(IEnumerable<DatasetReport> reports)
    {
        Table table = Output.Columns("set", "file", "bytes#", "md5", "state", "path");
        foreach (DatasetReport report in reports)
            foreach (DatasetFileReport file in report.Files)
                Output.Row(table, report.Info.Name, file.Name, Format.Count(file.Bytes), file.Digest ?? "-",
                    file.IsOk ? "ok" : file.Path is null ? "missing" : "damaged", file.Path ?? "-");
        return table;
    }
}
