using System.Diagnostics;
using System.Text.Json.Nodes;
using Convolve.Formats;
using Convolve.Kernels;
using Convolve.Testing;

namespace Convolve.Cli.Tests.Commands;

/// <summary>A training that is interrupted or killed, and 'convolve train --resume'.</summary>
public sealed class ResumeTests : IDisposable
{
    private const int Epochs = 10;

    // Half a second of training: dropout, mixed batches, shifted pictures, a plateau, Adam's counters.
    private static readonly string[] Training =
    [
        "train", "lenet5", "--data", "fashion-mnist", "--limit", "1200", "--epochs", "10", "--batch-size", "32", "--optimizer", "adam",
        "--lr", "0.002", "--schedule", "plateau", "--patience", "1",
        "--net-option", "dropout=0.2", "--augment", "random-crop:28:padding=2,mixup", "--save-every", "7",
    ];

    private readonly Cli _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void Killed_at_a_few_random_moments_a_run_comes_to_the_same_bits() => AssertSurvives(kills: 4, seed: 1);

    [Fact, Trait("Category", "Slow")]
    public void Killed_at_two_hundred_random_moments_a_run_comes_to_the_same_bits() => AssertSurvives(kills: 200, seed: 2);

    [InterruptTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_signal_saves_the_run_and_names_the_command_that_goes_on(string signal)
    {
        Assert.Equal(0, _cli.Run([.. Training, "--out", "whole"]).Status);
        using (Process process = _cli.Start([], [.. Training, "--out", "my run"]))
        {
            Cli.WaitFor(process, _cli.At("my run/metrics.jsonl"));
            Cli.Signal(process, signal);
            CliResult interrupted = Cli.Finish(process);
            Assert.Equal(130, interrupted.Status);
            Assert.Matches(
                "\nconvolve: interrupted: my run/model\\.safetensors has .+\nconvolve: to resume: convolve train --resume 'my run' " +
                "--save-every 7\n$", interrupted.Errors);
        }
        CliResult resumed = _cli.Run("train", "--resume", "my run", "--save-every", "7");
        Assert.Equal((0, ""), (resumed.Status, resumed.Errors));
        Assert.Matches(@"\nresumed     after .*\d+ (of 34 steps|epochs?), from epoch-\d{6}-step-\d{8}\.safetensors\n", resumed.Output);
        Assert.Equal(RunSnapshot.Of(_cli.At("whole")), RunSnapshot.Of(_cli.At("my run")));
    }

    [Fact]
    public void It_resumes_with_the_kernels_that_computed_it()
    {
        Assert.Equal(0, _cli.Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "256", "--epochs", "1", "--kernels", "managed",
            "--out", "run").Status);
        CliResult resumed = _cli.Run("train", "--resume", "run", "--epochs", "2", "--override");
        Assert.Equal((0, ""), (resumed.Status, resumed.Errors));
        Assert.Contains("(own kernels, ", resumed.Output, StringComparison.Ordinal);
        CliResult other = _cli.Run("train", "--resume", "run", "--epochs", "3", "--override", "--kernels", "auto");
        Assert.Equal(0, other.Status);
        Assert.Equal(Features.Has(Feature.LibraryAvx2), other.Errors.Contains("won't be bit-identical", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_given_must_agree_with_the_run_unless_it_is_overridden()
    {
        Interrupt("run");
        Assert.Equal(0, _cli.Run("train", "lenet5", "--data", "fashion-mnist", "--epochs", "10", "--lr", "0.002", "--resume", "run",
            "--json").Status);
        AssertRefused(
            "run was started with other settings: epochs was 10, got 12; optimizer.learning_rate was 0.002, got 0.001. Remove these " +
            "options, or add --override to resume with them.",
            "--epochs", "12", "--lr", "0.001");
        AssertRefused(
            "run was started with other settings: dataset was fashion-mnist, got mnist. Remove these options, or add " +
            "--override to resume with them.", "--data", "mnist");
        AssertRefused(
            "run was started with other settings: graph.dropout1 was Dropout(0.2) of relu3, got Dropout(0.4) of relu3. " +
            "Remove these options, or add --override to resume with them.", "--net-option", "dropout=0.4");
        AssertRefused("--out and --resume both name the run folder. Use --resume alone.", "--out", "other");
        AssertRefused("--save-every and --no-checkpoint contradict each other. Use only one of " +
            "them.", "--save-every", "3", "--no-checkpoint");
        Assert.Matches("; and 1[0-9] more\\. Remove these options, or add --override to resume with them\\.\n$",
            _cli.Run("train", "alexnet-d2l", "--resume", "run").Errors);

        CliResult longer = _cli.Run("train", "--resume", "run", "--epochs", "12", "--lr", "0.001", "--net-option", "dropout=0.4",
            "--override", "--json");
        Assert.Equal((0, 12), (longer.Status, (int)longer.Json["epochs"]!));
        JsonObject recipe = JsonNode.Parse(File.ReadAllText(_cli.At("run/recipe.json")))!.AsObject();
        Assert.Equal((12, 0.001f), ((int)recipe["epochs"]!, (float)recipe["optimizer"]!["learning_rate"]!));
        JsonArray resumptions = JsonNode.Parse(File.ReadAllText(_cli.At("run/environment.json")))!["resumed"]!.AsArray();
        Assert.Null(resumptions[0]!["changed"]);
        Assert.Equal(["epochs: 10, then 12", "optimizer.learning_rate: 0.002, then 0.001",
            "graph.dropout1: Dropout(0.2) of relu3, then Dropout(0.4) of relu3"],
            resumptions[1]!["changed"]!.AsArray().Select(c => (string)c!).Take(3));
        CliResult start = _cli.Run("train", "--resume", "run", "--init", "xavier-normal");
        Assert.Equal(2, start.Status);
        Assert.Contains(" Remove these options, or start a new run: how a run started can't change.\n", start.Errors,
            StringComparison.Ordinal);
        CliResult sgd = _cli.Run("train", "--resume", "run", "--epochs", "13", "--optimizer", "sgd", "--override");
        Assert.Equal(2, sgd.Status);
        Assert.Contains(": its optimizer is Adam, got Sgd. Use the settings that the run was started with, or start a new run.\n",
            sgd.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_finished_run_says_so()
    {
        JsonObject done = _cli.Run([.. Training, "--out", "run", "--json"]).Json;
        SortedDictionary<string, string> before = RunSnapshot.Of(_cli.At("run"));
        CliResult again = _cli.Run("train", "--resume", "run");
        Assert.Equal((0, ""), (again.Status, again.Errors));
        Assert.Matches(
            @"^run is finished: test accuracy 0\.\d{4}, loss \d\.\d{4}, with the weights of epoch \d+ of 10\nto continue   convolve " +
            @"train --resume run --epochs 20 --override\n$", again.Output);
        JsonObject json = _cli.Run("train", "--resume", "run", "--json").Json;
        Assert.Equal(["run", "network", "dataset", "epochs", "best_epoch", "test_loss", "test_accuracy"], json.Select(p => p.Key));
        Assert.All(json, p => Assert.Equal(done[p.Key]!.ToString(), p.Value!.ToString()));
        Assert.Equal(before, RunSnapshot.Of(_cli.At("run")));
    }

    [Fact]
    public void A_damaged_checkpoint_is_named_and_a_run_in_use_is_refused()
    {
        Interrupt("run");
        string newest = Checkpoints("run")[^1];
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(newest, bytes);
        using Process first = _cli.Start([], "train", "--resume", "run", "--save-every", "1");
        while (!File.ReadAllText(_cli.At("run/environment.json")).Contains("\"resumed\"", StringComparison.Ordinal)) // it has gone on
            Assert.False(first.WaitForExit(5), "it ended before its time");
        CliResult second = _cli.Run("train", "--resume", "run");
        CliResult resumed = Cli.Finish(first);
        Assert.Equal(0, resumed.Status);
        Assert.Matches($"^convolve: {newest} cannot be used: it is damaged: tensor '.+' has changed since it was written\\.\n$",
            resumed.Errors);
        if (second.Status == 2)
            Assert.Equal($"convolve: A training is running in {_cli.At("run")}. Wait for it to finish, or stop it.\n", second.Errors);
        else
            Assert.Contains("run is finished", second.Output, StringComparison.Ordinal); // it was slow
    }

    [InterruptFact]
    public void What_is_no_run_or_has_no_checkpoint_cannot_be_resumed()
    {
        AssertRefused("run is not a run folder: can't read run/recipe.json (Could not find");
        using (Process process = _cli.Start([], ["train", "lenet5", "--data", "fashion-mnist", "--limit", "500", "--epochs", "100000",
            "--no-checkpoint", "--out", "run"]))
        {
            while (Logged("run") < 3)
                Assert.False(process.WaitForExit(5), "it ended before its time");
            Cli.Signal(process, "INT");
            CliResult interrupted = Cli.Finish(process);
            Assert.Equal(130, interrupted.Status);
            Assert.DoesNotContain("--resume", interrupted.Errors, StringComparison.Ordinal);
        }
        Assert.False(Directory.Exists(_cli.At("run/checkpoint")));
        AssertRefused(
            $"The run {_cli.At("run")} has no checkpoint to resume from: it was trained without checkpoints, or they were deleted. Start " +
            $"a new run.");
        Assert.Equal((2, "convolve: --override only applies to --resume RUN. Remove it to start a new run.\n"),
            (_cli.Run([.. Training, "--override"]).Status, _cli.Run([.. Training, "--override"]).Errors));
    }

    // Every run is killed at least once; each that is resumed may be killed again, as long as there are kills left. The moments are spread
    // over the epochs by what the run itself has logged, so that they are within it however busy the machine is.
    private void AssertSurvives(int kills, ulong seed)
    {
        Stopwatch time = Stopwatch.StartNew();
        TimeSpan begun = default;
        using (Process process = _cli.Start([], [.. Training, "--out", "whole"]))
        {
            Cli.WaitFor(process, _cli.At("whole/recipe.json"));
            begun = time.Elapsed;
            Assert.Equal(0, Cli.Finish(process).Status);
        }
        int start = (int)begun.TotalMilliseconds, epoch = (int)(time.Elapsed - begun).TotalMilliseconds / Epochs;
        SortedDictionary<string, string> expected = RunSnapshot.Of(_cli.At("whole"));
        CounterRandom random = new(seed, RandomPurpose.Test);
        int killed = 0;
        for (int run = 0; killed < kills; run++)
        {
            string folder = $"run{run}";
            Kill([.. Training, "--out", folder], isNew: true);
            while (killed < kills && random.NextInt32(3) == 0)
                Kill(["train", "--resume", folder, "--save-every", "7"], isNew: false);
            CliResult resumed = _cli.Run("train", "--resume", folder, "--save-every", "7");
            Assert.Equal((0, ""), (resumed.Status, resumed.Errors));
            Assert.Equal(expected, RunSnapshot.Of(_cli.At(folder)));
            Assert.Empty(Directory.GetFiles(_cli.At(folder), "*.partial", SearchOption.AllDirectories));
            Directory.Delete(_cli.At(folder), recursive: true);

            void Kill(string[] command, bool isNew)
            {
                int before = isNew ? 0 : Logged(folder), until = Math.Min(before + random.NextInt32(Epochs), Epochs - 1);
                using Process process = _cli.Start([], command);
                if (isNew)
                    Cli.WaitFor(process, _cli.At($"{folder}/recipe.json"));
                Stopwatch running = Stopwatch.StartNew();
                while (Logged(folder) < until && !process.WaitForExit(2))
                {
                }
                int pace = until > before ? (int)running.ElapsedMilliseconds / (until - before) : isNew ? epoch : start + epoch;
                process.WaitForExit(random.NextInt32(Math.Max(1, pace)));
                process.Kill();
                process.WaitForExit();
                if (process.ExitCode == 128 + 9)
                    killed++;
                else
                    Assert.Equal(0, process.ExitCode); // it came to its end before: no kill, and another one in its place
            }
        }
    }

    // Lines of the log; whoever writes it may be within one.
    private int Logged(string folder) => File.Exists(_cli.At($"{folder}/metrics.jsonl"))
        ? MetricsLog.Read(_cli.At($"{folder}/metrics.jsonl")).Count : 0;

    private void Interrupt(string folder)
    {
        using Process process = _cli.Start([], [.. Training, "--out", folder]);
        while (Checkpoints(folder).Length < 2)
            Assert.False(process.WaitForExit(2), "it ended before its time");
        process.Kill();
        process.WaitForExit();
    }

    private string[] Checkpoints(string folder) => Directory.Exists(_cli.At($"{folder}/checkpoint"))
        ? [.. Directory.GetFiles(_cli.At($"{folder}/checkpoint"), "epoch-*").Order(StringComparer.Ordinal)] : [];

    private void AssertRefused(string message, params string[] given)
    {
        CliResult result = _cli.Run(["train", "--resume", "run", .. given]);
        Assert.StartsWith("convolve: " + message, result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors, '\n');
        Assert.Equal((2, ""), (result.Status, result.Output));
    }
}
