using Convolve.Cli.Ranks;
using Convolve.Execution;

namespace Convolve.Cli.Tests.Ranks;

public class RankLauncherTests
{
    private static readonly string Rule = new('-', 74);

    [Fact]
    public void Lines_of_ranks_pass_and_those_of_mpirun_are_kept()
    {
        List<string> shown = [];
        RankOutput output = new(shown.Add);
        foreach (string line in (string[])["convolve: a note", Rule, "Primary job  terminated normally, but 1 process returned",
            "a non-zero exit code.", Rule, "[node1:1234] 1 more process has sent help message", "",
            "[node1][[7177,1],0][btl_tcp_proc.c:266:create] Unable to find reachable pairing",
            "mpirun: Forwarding signal 10 to job", " [node1:00000] *** An error occurred in Socket closed", " ", Rule,
            "mpirun noticed that process rank 2 with PID 0 on node node2 exited on signal 9 (Killed).", Rule])
            output.Add(line);
        Assert.Equal(["convolve: a note"], shown);
        Assert.True(output.HasRankLines);
        Assert.False(output.IsEnding);
        Assert.Equal((2, "node2", 9), output.Killed);
    }

    // Open MPI 5 breaks the line.
    [Fact]
    public void A_killed_rank_is_found_in_the_words_of_open_mpi_5()
    {
        RankOutput output = new(_ => { });
        foreach (string line in (string[])[Rule, "prterun noticed that process rank 1 with PID 5678 on node node1 exited on",
            "signal 11 (Segmentation fault).", Rule])
            output.Add(line);
        Assert.Equal((1, "node1", 11), output.Killed);
        Assert.False(output.HasRankLines);
    }

    [Fact]
    public void The_mark_of_the_end_is_for_the_launcher_alone()
    {
        List<string> shown = [];
        RankOutput output = new(shown.Add);
        output.Add("convolve: Rank 2 (node2) hasn't answered for 8 s");
        output.Add(RankOutput.Joined);
        Assert.Equal((true, false), (output.HasJoined, output.IsEnding));
        output.Add(RankOutput.Ending);
        Assert.True(output.IsEnding);
        Assert.Equal(["convolve: Rank 2 (node2) hasn't answered for 8 s"], shown);
    }

    [Theory]
    [InlineData(4, true, "self,vader")]
    [InlineData(5, true, "self,sm")]
    [InlineData(4, false, null)]
    public void One_host_needs_no_network(int version, bool isSingle, string? transports)
    {
        string[] words = [.. new Mpirun("mpirun", version).Arguments("hosts", [new("a", 2), new("b", 1)], isSingle, isElastic: false,
            [("TERM", "dumb")])];
        Assert.Equal(["--hostfile", "hosts", "-np", "3", "--bind-to", "none"], words[..6]);
        int at = Array.IndexOf(words, "btl");
        Assert.Equal(transports, at < 0 ? null : words[at + 1]);
        Assert.Equal(["-x", "TERM=dumb"], words[^2..]);
        Assert.DoesNotContain("--with-ft", words);
    }

    [Fact]
    public void Elastic_ranks_need_fault_tolerance()
    {
        string[] words = [.. new Mpirun("mpirun", 5).Arguments("hosts", [new("a", 2)], isSingle: false, isElastic: true, [])];
        Assert.Equal("--with-ft ulfm --mca pml ob1", string.Join(' ', words[6..11]));
    }

    [Fact]
    public void The_first_of_the_ranks_that_are_left_says_how_it_ended()
    {
        RankOutput output = new(_ => Assert.Fail("nobody is to see this"));
        output.Add("NBC_Progress: an error 75 was found during schedule 0x7f4ae416cff0 at row-offset 0 - aborting the schedule");
        Assert.Null(output.Code);
        output.Add(RankOutput.Ended + "130");
        Assert.Equal((130, false), (output.Code, output.HasRankLines));
    }

    [Fact]
    public void Ranks_wait_for_the_slowest()
    {
        TimeSpan[] times = [TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(10)];
        Assert.Equal((1, 0.15), (RankWaiting.Slowest(times), Math.Round(RankWaiting.ShareOf(times), 12)));
        Assert.Equal(0, RankWaiting.ShareOf([TimeSpan.Zero, TimeSpan.Zero]));
    }
}
