using System.Globalization;
using System.Text;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Mpi;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Cli.Ranks;

/// <summary>A training in one of several ranks.</summary>
internal sealed class RankRun
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromMinutes(10);
    private readonly MpiExchange _exchange;
    private bool _hasShared, _hasAgreed, _isRefused;
    private string? _folder;

    private RankRun(MpiExchange exchange) => _exchange = exchange;

    /// <summary>Adds up the gradients.</summary>
    public IGradientExchange Exchange => _exchange;

    /// <summary>The run that goes on because ranks were lost; null for the one that was asked for.</summary>
    public string? Resumed { get; private set; }

    /// <summary>Whether this rank shows the run and keeps its folder.</summary>
    public bool IsFirst => _exchange.Rank == 0;

    /// <summary>Such as "4 ranks on 2 hosts (Open MPI v4.1.4)".</summary>
    public string WordsFor(Recipe recipe)
    {
        int hosts = _exchange.Hosts.Distinct().Count();
        return string.Create(CultureInfo.InvariantCulture,
            $"{_exchange.Ranks} ranks on {hosts} {(hosts == 1 ? "host" : "hosts")} ({_exchange.Version})") +
            (recipe.ModelParallel > 1 ? ", each with a part of the network" : "");
    }

    /// <summary>Which rank took longest, how long the others waited for it, and how much this one has sent.</summary>
    public string Compare(Trainer trainer)
    {
        IReadOnlyList<TimeSpan> times = trainer.RankTimes;
        int slowest = RankWaiting.Slowest(times);
        double waited = RankWaiting.ShareOf(times);
        return string.Create(CultureInfo.InvariantCulture,
            $"rank {slowest} ({_exchange.Hosts[slowest]}) computed longest, {Format.Duration(times[slowest])}; on average, the ranks ") +
            string.Create(CultureInfo.InvariantCulture,
                $"waited {100 * waited:F0} % of that; each sent {Format.Bytes(trainer.SentBytesPerStep)} a step");
    }

    /// <summary>Trains as one of the ranks, or alone where this process isn't one.</summary>
    /// <param name="train">Trains; null is for a process alone.</param>
    /// <returns>The exit code, the same on all ranks.</returns>
    public static int Run(Func<RankRun?, int> train)
    {
        if (!RankProcess.IsRank)
            return train(null);
        MpiExchange exchange =
            MpiExchange.Join(lost => SayLast($"convolve: {lost}"), isElastic: RankProcess.IsElastic);
        if (exchange.Ranks == 1)
            throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"{RankEnvironment.Size} processes were started together, but MPI doesn't connect them. ") +
                "With Slurm, use srun --mpi=pmix; or start them with --ranks.");
        RankRun run = new(exchange);
        if (run.IsFirst && RankEnvironment.IsLaunched)
            Write(RankOutput.Joined + "\n");
        int code = run.Train(train);
        if (RankProcess.IsElastic && run.IsFirst)
            Write($"{RankOutput.Ended}{code.ToString(CultureInfo.InvariantCulture)}\n"); // mpirun's own doesn't count lost ranks
        exchange.Dispose();
        if (exchange.IsShrunk)
            LibC._exit(code);
        return code;
    }

    // As long as ranks are lost and others are left, these go on.
    private int Train(Func<RankRun?, int> train)
    {
        bool isLost = false;
        while (true)
            try
            {
                if (isLost)
                    Renew();
                isLost = false;
                return train(this);
            }
            catch (RankLostException) when (_folder is not null)
            {
                isLost = true;
            }
            catch (Exception e)
            {
                return End(e);
            }
    }

    private void Renew()
    {
        IReadOnlyList<(int Rank, string Host)> lost = _exchange.Renew();
        (Resumed, _hasShared, _hasAgreed, _isRefused) = (_folder, false, false, false);
        if (!IsFirst)
            return;
        RankProcess.BecomeFirst();
        string names = string.Join(" and ",
            lost.Select(rank => string.Create(CultureInfo.InvariantCulture, $"rank {rank.Rank} ({rank.Host})")));
        Failures.Say(string.Create(CultureInfo.InvariantCulture, $"{names} {(lost.Count == 1 ? "was" : "were")} lost; ")
            + (_exchange.Ranks == 1 ? "the rank that is left goes on" : string.Create(CultureInfo.InvariantCulture,
            $"the {_exchange.Ranks} that are left go on")) + " from the last checkpoint");
    }

    /// <summary>The recipe for these ranks: at least one shard for each, unless each has a part of the network.</summary>
    /// <param name="recipe">As typed, or of the run.</param>
    /// <param name="isNew">Whether the run begins: then the number of shards is still open.</param>
    /// <param name="isFree">Whether any number was asked for.</param>
    /// <exception cref="UsageException">There are fewer shards than ranks.</exception>
    public Recipe WithShards(Recipe recipe, bool isNew, bool isFree)
    {
        int ranks = _exchange.Ranks;
        if (recipe.ModelParallel > 1)
            return recipe;
        if (isNew && (isFree || recipe.Shards == 1))
            return recipe with { Shards = ranks };
        return recipe.Shards >= ranks ? recipe : throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"{(isNew ? "" : "The run has ")}{recipe.Shards} {(recipe.Shards == 1 ? "shard" : "shards")} for {ranks} ranks, and every ") +
            string.Create(CultureInfo.InvariantCulture, $"rank computes at least one. Use --ranks {recipe.Shards}") +
            (isNew ? " or more --shards." : ": the number of shards is part of what a run computes."));
    }

    /// <summary>Gives the other ranks the recipe, which they wait for in <see cref="Receive"/>.</summary>
    public void Share(Recipe recipe, Graph graph) => Share(RecipeJson.Write(recipe, graph));

    /// <summary>Lets the other ranks end, because there is nothing to do.</summary>
    public void Dismiss() => Share("");

    /// <summary>What rank 0 trains, and how; null if there is nothing to do.</summary>
    /// <exception cref="UsageException">Rank 0 can't begin.</exception>
    public (Recipe Recipe, Graph Graph)? Receive()
    {
        RankReport first = RankReport.Read(_exchange.Gather(RankReport.Of("").ToBytes())[0]);
        (_hasShared, _isRefused) = (true, first.Problem.Length > 0);
        return _isRefused ? throw new UsageException(first.Problem) : first.Recipe.Length > 0 ? RecipeJson.Read(first.Recipe) : null;
    }

    private void Share(string recipe)
    {
        RankReport[] reports =
            [.. _exchange.Gather((RankReport.Of("") with { Recipe = recipe }).ToBytes()).Select(RankReport.Read)];
        _hasShared = true;
        if (Array.FindIndex(reports, report => report.Problem.Length > 0) is >= 0 and int rank)
        {
            _isRefused = true;
            throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"Rank {rank} ({_exchange.Hosts[rank]}): {reports[rank].Problem}"));
        }
    }

    /// <summary>
    /// Compares what the ranks are about to do. Every rank comes here, or to the same by way of an exception; where something differs, all
    /// of them end, and rank 0 says why.
    /// </summary>
    /// <exception cref="UsageException">Something differs, or a rank can't begin.</exception>
    public void Agree(Graph graph, DataSplits data, Recipe recipe, MemoryEstimate memory) => Agree(new(
        typeof(RankRun).Assembly.GetName().Version!.ToString(3), RankReport.ProgramDigest(),
        $"{Model.ChoosePrecision(graph, recipe.Precision).Precision} with {Machine.KernelLibraryName} for {Machine.InstructionSetName}",
        // Every rank has as many threads as its host gives it.
        DigestOf(RecipeJson.Write(recipe with { Threads = 0 }, graph)), data.Digest(), memory.TotalBytes, RankReport.FreeMemory()));

    /// <summary>Where the ranks other than 0 print from here on.</summary>
    /// <param name="folder">The run folder, which exists; as rank 0 knows it.</param>
    public void OpenLogs(string folder)
    {
        _folder = Encoding.UTF8.GetString(_exchange.Gather(IsFirst ? Encoding.UTF8.GetBytes(Path.GetFullPath(folder)) : [])[0]);
        RankProcess.Log?.Open(Path.Combine(_folder, "ranks",
            string.Create(CultureInfo.InvariantCulture, $"rank-{_exchange.Rank}.log")));
    }

    private void Agree(RankReport report)
    {
        RankReport[] reports = [.. _exchange.Gather(report.ToBytes()).Select(RankReport.Read)];
        string? obstacle = RankReport.FindObstacle(reports, _exchange.Hosts);
        (_hasAgreed, _isRefused) = (obstacle is null, obstacle is not null);
        if (obstacle is not null)
            throw new UsageException(obstacle);
        // Reading the data may take any time; steps don't.
        _exchange.ExpectProgress(LongestStep);
    }

    // Before the ranks have agreed, all of them end in order; later, the others wait for this one, and must be ended.
    private int End(Exception exception)
    {
        if (exception is RankLostException)
            exception = new MpiException("A rank ended before the training had begun, so there is nothing to go on from.");
        if (_hasAgreed)
        {
            int code = Failures.Report(exception);
            SayLast(IsFirst ? null : string.Create(CultureInfo.InvariantCulture,
                $"convolve: rank {_exchange.Rank} ({Environment.MachineName}): {exception.Message}"));
            _exchange.Abort(code);
        }
        try
        {
            if (!_isRefused)
                Agree(RankReport.Of(exception is OperationCanceledException ? "interrupted" : Advice.Message(exception)));
        }
        catch (UsageException e)
        {
            if (exception is not OperationCanceledException && _hasShared)
                return Failures.Report(e);
        }
        return Failures.Report(exception);
    }

    // Past the log, and with a mark for the launcher, which ends mpirun if that hangs.
    private static void SayLast(string? line) =>
        Write($"{(line is null ? "" : line + "\n")}{(RankEnvironment.IsLaunched ? RankOutput.Ending + "\n" : "")}");

    private static void Write(string lines)
    {
        using Stream errors = Console.OpenStandardError();
        errors.Write(Encoding.UTF8.GetBytes(lines));
    }

    private static string DigestOf(string text) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
