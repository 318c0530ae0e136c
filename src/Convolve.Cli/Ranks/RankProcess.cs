using System.Globalization;
using Convolve.Cli.Terminal;
using Convolve.Mpi;

namespace Convolve.Cli.Ranks;

/// <summary>This process as one of several that train together.</summary>
internal static class RankProcess
{
    /// <summary>How wide the terminal of the launcher is; not set where it has none.</summary>
    public const string Columns = "CONVOLVE_RANK_COLUMNS";

    /// <summary>The options that the launcher was started with, such as " --ranks 4".</summary>
    public const string Words = "CONVOLVE_RANK_OPTIONS";

    /// <summary>The option with which ranks go on without those that were lost.</summary>
    public const string Elastic = "--elastic";

    private const string Verb = "train", Threads = "OMP_NUM_THREADS";

    /// <summary>Whether this process was started together with others that train with it.</summary>
    public static bool IsRank { get; private set; }

    /// <summary>Whether this one goes on when others are lost.</summary>
    public static bool IsElastic { get; private set; }

    /// <summary>The log of a rank other than 0.</summary>
    public static RankLog? Log { get; private set; }

    /// <summary>Before anything else: how a rank hears signals, computes and prints.</summary>
    /// <param name="arguments">Of the program.</param>
    public static void Prepare(IReadOnlyList<string> arguments)
    {
        IsRank = arguments.Count > 0 && arguments[0] == Verb && RankEnvironment.Size > 1;
        if (!IsRank)
            return;
        IsElastic = arguments.Contains(Elastic);
        if (Environment.GetEnvironmentVariable(Threads) is null)
            Environment.SetEnvironmentVariable(Threads, RankEnvironment.Threads.ToString(CultureInfo.InvariantCulture));
        // mpirun's terminals are none: nobody sees escape sequences, and nobody knows how wide they are.
        Environment.SetEnvironmentVariable("TERM", "dumb");
        if (RankEnvironment.IsLaunched)
        {
            Interruption.IsRelayed = true;
            ProgramName.Ranks = Environment.GetEnvironmentVariable(Words) ?? "";
            StandardStreams.Terminal = Environment.GetEnvironmentVariable(Columns) is { Length: > 0 } columns
                ? int.Parse(columns, CultureInfo.InvariantCulture) : 0;
        }
        if (RankEnvironment.Rank == 0)
            return;
        Log = new();
        Console.SetOut(Log);
        Console.SetError(Log);
    }

    /// <summary>This rank is the first of those that are left, and prints.</summary>
    public static void BecomeFirst()
    {
        if (Log is null)
            return;
        Log = null;
        StandardStreams.Open();
    }
}
