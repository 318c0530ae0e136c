using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Data;
using Spectre.Console;

namespace Convolve.Cli;

/// <summary>convolve data list, convolve data verify [SET...]</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "Say which data sets there are, and whether their files are what they should be.") { CreateList(), CreateVerify() };

    private static Command CreateList()
    {
        Option<string?> directory = Inputs.DataDirectory();
        Option<bool> json = Inputs.Json();
        Command command = new("list", "List the data sets that are known, and where they lie.") { directory, json };
        command.SetAction(line => List(new(line.GetValue(json)), Inputs.DataOptions(line.GetValue(directory))));
        return command;
    }

    private static Command CreateVerify()
    {
        Argument<string[]> sets = new("SET") { HelpName = "SET", Arity = ArgumentArity.ZeroOrMore, Description = "The data sets to check. Default: those that are found." };
        Option<string?> directory = Inputs.DataDirectory();
        Option<bool> json = Inputs.Json();
        Command command = new("verify", "Check every file of data sets: there, whole, and what was published. The exit code is 2 if one is not.") { sets, directory, json };
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
            Output.Row(table, set.Info.Name, $"{set.Info.Size}", Format.Count(set.Info.ClassNames.Count), Format.Count(set.Info.TrainCount), Format.Count(set.Info.TestCount),
                set.Directory ?? "not here; downloaded when asked for");
        }
        output.Table(table);
        return Failures.Success;
    }

    private static int Verify(Output output, string[] names, DatasetOptions options)
    {
        if (names.Length == 0)
            names = [.. Datasets.All.Select(d => d.Name).Where(name => Datasets.Locate(name, options).IsFound)];
        if (names.Length == 0)
            throw new UsageException($"There is no data set here. Known are {string.Join(", ", Datasets.All.Select(d => d.Name))}: name one to see what is missing of it.");
        using Interruption interruption = new("ending ...");
        List<DatasetReport> reports = [.. names.Select(name => Datasets.Verify(name, options, interruption.Token))];
        if (output.IsJson)
            Output.Json(Json(reports));
        else
            output.Table(TableOf(reports));
        foreach (DatasetFileReport file in reports.SelectMany(r => r.Files).Where(f => !f.IsOk))
            Failures.Say(file.Problem!);
        return reports.All(r => r.IsOk) ? Failures.Success : Failures.BadInput;
    }

    private static JsonObject Json(IEnumerable<DatasetReport> reports) => new()
    {
        ["datasets"] = new JsonArray([.. reports.Select(r => new JsonObject
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
        })]),
    };

    private static Table TableOf(IEnumerable<DatasetReport> reports)
    {
        Table table = Output.Columns("set", "file", "bytes#", "md5", "state", "path");
        foreach (DatasetReport report in reports)
            foreach (DatasetFileReport file in report.Files)
                Output.Row(table, report.Info.Name, file.Name, Format.Count(file.Bytes), file.Digest ?? "-", file.IsOk ? "ok" : file.Path is null ? "missing" : "damaged", file.Path ?? "-");
        return table;
    }
}
