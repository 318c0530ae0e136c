using System.CommandLine;
using System.Globalization;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Cli.Ranks;

/// <summary>The options of 'convolve train' for several processes.</summary>
internal sealed class RankOptions
{
    private readonly Option<int?> _ranks = Inputs.Integer("--ranks",
        "Train in N processes, which Open MPI starts on this machine or on the hosts of --hosts; at most as many as --shards. The result " +
        "is bit-identical for any N. --threads is then for each; by default they share the cores. Default: 1.", least: 1);

    private readonly Option<string?> _hosts = Inputs.Word("--hosts", "FILE",
        "With --ranks: the hosts to train on, one a line, such as \"node1 slots=2\", as in Open MPI's hostfile. Without slots, they get " +
        "equal shares. Default: this machine.");

    private readonly Option<bool> _elastic = Inputs.Flag(RankProcess.Elastic,
        "With --ranks: if a process ends or is killed, the others go on without it, from the last checkpoint, to the same result. " +
        "Without this option, the run ends on all of them, and --resume goes on. Needs Open MPI 5.");

    private readonly Option<int?> _modelParallel = Inputs.Integer("--model-parallel",
        "With --ranks N: divide the network between the N processes instead of the batch, as the paper of 2012 did between two GPUs. " +
        "Each computes its part of the filters and units of all layers for the whole batch. For networks without branches whose sizes " +
        "are multiples of N, such as alexnet-2012; local response normalization then stays within each part. Default: 1, every process " +
        "has the whole network.", least: 1);

    public void AddTo(Command command)
    {
        command.Add(_ranks);
        command.Add(_hosts);
        command.Add(_elastic);
        command.Add(_modelParallel);
    }

    /// <summary>Between how many processes the network is to be divided; null where nothing is said.</summary>
    public int? PartsOf(ParseResult line) => line.GetValue(_modelParallel);

    /// <summary>Refuses a divided network where it can't be trained.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="ranks">Processes.</param>
    /// <param name="isNew">Whether the run begins.</param>
    /// <param name="isElastic">Whether others are to go on without one of them.</param>
    /// <param name="folder">What the run leaves.</param>
    /// <exception cref="UsageException">It can't.</exception>
    public static void RequireParts(Recipe recipe, int ranks, bool isNew, bool isElastic, RunFolderOptions folder)
    {
        int parts = recipe.ModelParallel;
        if (parts == 1)
            return;
        if (ranks != parts)
            throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"{(isNew ? "--model-parallel divides" : "The run divides")} the network between {parts} processes, got {ranks}. ") +
                string.Create(CultureInfo.InvariantCulture, $"{(isNew ? "Train" : "Resume it")} with --ranks {parts}."));
        if (isElastic)
            throw new UsageException(
                $"{RankProcess.Elastic} goes on without a process that was lost, but here each has a part of the network. Remove it.");
        if (folder.HasHistograms)
            throw new UsageException("--histograms is for networks that aren't divided between processes. Remove it.");
    }

    /// <summary>Whether this process is to start others, and not to train.</summary>
    /// <exception cref="UsageException">It was started as one of several itself, or nothing says how many.</exception>
    public bool IsGiven(ParseResult line)
    {
        if (RankProcess.IsRank)
            GivenOptions.Refuse(line, "mpirun or srun has started the ranks already", _ranks, _hosts);
        if (line.GetValue(_ranks) is null && line.GetValue(_hosts) is not null)
            throw new UsageException("--hosts only applies to --ranks N. Say how many processes to start on the hosts.");
        if (line.GetValue(_elastic) && line.GetValue(_ranks) is not > 1 && !RankProcess.IsRank)
            throw new UsageException($"{_elastic.Name} only applies to --ranks N, with N of 2 or more.");
        return line.GetValue(_ranks) is > 1 || line.GetValue(_hosts) is not null;
    }

    /// <summary>Starts the others and waits for them.</summary>
    /// <param name="line">What was typed.</param>
    /// <param name="shards">Of each batch; null where they follow the ranks.</param>
    /// <param name="images">Of each batch.</param>
    /// <param name="interruption">Asks them to stop.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">They can't be started.</exception>
    public int Run(ParseResult line, int? shards, int images, CancellationToken interruption)
    {
        int ranks = RanksOf(line);
        if (ranks > (shards ?? images))
            throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"--ranks {ranks}: a batch has {shards ?? images} {(shards is null ? "images" : "shards")}, and every rank computes at ") +
                string.Create(CultureInfo.InvariantCulture, $"least one. Use fewer ranks{(shards is null ? "" : " or more shards")}."));
        string? hosts = line.GetValue(_hosts);
        bool isElastic = line.GetValue(_elastic);
        using RankLauncher launcher = new(ranks, hosts, isElastic);
        string typed = string.Create(CultureInfo.InvariantCulture,
            $" {_ranks.Name} {ranks}{(hosts is null ? "" : $" {_hosts.Name} {Format.Quoted(hosts)}")}") +
            (isElastic ? $" {_elastic.Name}" : "");
        return launcher.Run(Words(line), typed, interruption);
    }

    /// <summary>How many processes are to be started.</summary>
    public int RanksOf(ParseResult line) => line.GetValue(_ranks)!.Value;

    /// <summary>Whether others are to go on without one of them.</summary>
    public bool IsElastic(ParseResult line) => line.GetValue(_elastic);

    // As typed, without the numbers: the ranks must know that they are elastic.
    private string[] Words(ParseResult line)
    {
        List<string> words = [];
        for (int i = 0; i < line.Tokens.Count; i++)
        {
            if (line.Tokens[i].Value == _ranks.Name || line.Tokens[i].Value == _hosts.Name)
                i++;
            else
                words.Add(line.Tokens[i].Value);
        }
        return [.. words];
    }
}
