namespace Convolve.Mpi.Tests;

public class RankReportTests
{
    private static readonly string[] Hosts = ["node1", "node2", "node2"];
    private static readonly RankReport First = new("0.2.0", "program", "Float32 with AVX2", "recipe", "data", 2L << 30, 8L << 30);

    [Fact]
    public void Ranks_that_are_about_to_do_the_same_may() => Assert.Null(RankReport.FindObstacle([First, First, First], Hosts));

    private static readonly Dictionary<string, RankReport> Last = new()
    {
        ["version"] = First with { Version = "0.1.0" },
        ["program"] = First with { Program = "other" },
        ["arithmetic"] = First with { Arithmetic = "Float32 with AVX-512" },
        ["recipe"] = First with { Recipe = "other" },
        ["data"] = First with { Data = "other" },
        ["memory"] = First with { FreeBytes = 3L << 30 },
        ["problem"] = RankReport.Of("/data is missing."),
    };

    [Theory]
    [InlineData("version", "Rank 2 (node2) runs Convolve 0.1.0, Rank 0 (node1) runs 0.2.0. Install the same version on all hosts.")]
    [InlineData("program", "Rank 2 (node2) runs another build of Convolve 0.2.0 than Rank 0 (node1). Copy the same files to all hosts.")]
    [InlineData("arithmetic", "Rank 2 (node2) computes Float32 with AVX-512, Rank 0 (node1) Float32 with AVX2: that gives other bits. " +
        "Use hosts with the same processor and libraries, or switch off on all what one doesn't have.")]
    [InlineData("recipe",
        "Rank 2 (node2) has another recipe or network than Rank 0 (node1). Start all ranks with the same command line and files.")]
    [InlineData("data", "Rank 2 (node2) has other images or labels than Rank 0 (node1). Copy the same data to all hosts.")]
    [InlineData("memory", "Rank 1 (node2): the 2 ranks on this host need 4.00 GiB of memory, but only 3.00 GiB is available. Use fewer " +
        "ranks on it, or a smaller batch.")]
    [InlineData("problem", "Rank 2 (node2): /data is missing.")]
    public void The_first_difference_is_named_with_rank_and_host(string what, string message) =>
        Assert.Equal(message, RankReport.FindObstacle([First, First, Last[what]], Hosts));

    [Fact]
    public void What_is_wrong_on_all_ranks_is_said_once() => Assert.Equal("/data is missing.",
        RankReport.FindObstacle([RankReport.Of("/data is missing."), RankReport.Of("/data is missing.")], Hosts));

    [Fact]
    public void A_host_that_does_not_say_how_much_memory_it_has_is_trusted() =>
        Assert.Null(RankReport.FindObstacle([First with { FreeBytes = 0 }], Hosts));

    [Fact]
    public void A_report_arrives_as_it_was_sent()
    {
        RankReport report = First with { Problem = "Zürich" };
        Assert.Equal(report, RankReport.Read(report.ToBytes()));
        Assert.Equal(64, RankReport.ProgramDigest().Length);
    }

    [Theory]
    [InlineData("0", 1)]
    [InlineData("0-3,8\n", 5)]
    [InlineData("some", null)]
    public void Lists_of_cores_are_counted(string list, int? count) => Assert.Equal(count, RankEnvironment.Count(list));
}
