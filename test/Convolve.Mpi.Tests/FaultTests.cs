using System.Diagnostics;
using System.Globalization;
using Convolve.Testing;

namespace Convolve.Mpi.Tests;

/// <summary>A rank that is lost ends all of them.</summary>
public class FaultTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    [NeedsFact(Feature.OpenMpi)]
    public void A_rank_that_gives_up_ends_all_with_its_exit_code()
    {
        RanksResult result = Ranks.Run(3, "abort", "7");
        Assert.Equal(7, result.Status);
        Assert.Empty(result.Lines);
    }

    [NeedsFact(Feature.OpenMpi)]
    public void A_killed_rank_ends_all()
    {
        using Ranks run = Ranks.Start(3, "stay");
        Send("KILL", ProcessOf(run, 2));
        Stopwatch watch = Stopwatch.StartNew();
        RanksResult result = run.Finish();
        Assert.Equal(137, result.Status);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Bound);
        RequireEnded(result);
    }

    // mpirun doesn't notice: the others do.
    [NeedsTheory(Feature.OpenMpi)]
    [InlineData(2, 0)]
    [InlineData(0, 1)]
    public void A_stopped_rank_is_named_and_ends_all(int stopped, int teller)
    {
        using Ranks run = Ranks.Start(3, "stay");
        int process = ProcessOf(run, stopped);
        for (int rank = 0; rank < 3; rank++)
            ProcessOf(run, rank);
        // Time for a first sign of life of each.
        Thread.Sleep(500);
        Send("STOP", process);
        Stopwatch watch = Stopwatch.StartNew();
        RanksResult result = run.Finish();
        Assert.Equal(1, result.Status);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Bound);
        Assert.Contains(result.Of(teller), line => line.StartsWith(
            string.Create(CultureInfo.InvariantCulture, $"Rank {stopped} ({Environment.MachineName}) hasn't answered for "),
            StringComparison.Ordinal));
        RequireEnded(result);
    }

    // Its signs of life go on: that it computes and never comes to the exchange gives it away.
    [NeedsFact(Feature.OpenMpi)]
    public void A_rank_that_never_stops_computing_is_named_and_ends_all()
    {
        RanksResult result = Ranks.Run(3, "spin");
        Assert.Equal(1, result.Status);
        Assert.Contains($"Rank 2 ({Environment.MachineName}) has been computing for 3.0 s while rank 0 waited for it. It hangs. " +
            "The run ended on all ranks; resume it from its last checkpoint.", result.Of(0));
        RequireEnded(result);
    }

    // Open MPI 5's ranks outlive a killed mpirun by themselves.
    [NeedsFact(Feature.OpenMpi)]
    public void Ranks_end_with_a_killed_mpirun()
    {
        using Ranks run = Ranks.Start(2, "stay");
        int[] processes = [ProcessOf(run, 0), ProcessOf(run, 1)];
        run.Kill();
        Assert.All(processes, RequireEnd);
    }

    private static int ProcessOf(Ranks run, int rank) =>
        int.Parse(run.WaitFor(string.Create(CultureInfo.InvariantCulture, $"{rank}: process ")), CultureInfo.InvariantCulture);

    private static void RequireEnded(RanksResult result)
    {
        foreach (string line in result.Lines)
            if (line.Split(": process ") is [_, { } process])
                RequireEnd(int.Parse(process, CultureInfo.InvariantCulture));
    }

    private static void RequireEnd(int process)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}")))
        {
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, Bound);
            Thread.Sleep(20);
        }
    }

    private static void Send(string signal, int process)
    {
        using var kill = Process.Start("bash", ["-c", $"kill -{signal} {process}"]);
        kill.WaitForExit();
    }
}
