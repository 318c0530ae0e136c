using System.Globalization;
using System.Text.RegularExpressions;

namespace Convolve.Cli.Ranks;

/// <summary>
/// What mpirun and the ranks write to standard error. Lines of ranks pass; mpirun's own, which are about the same failure, are kept back,
/// and are shown where no rank said what happened.
/// </summary>
internal sealed partial class RankOutput(Action<string> write)
{
    /// <summary>A line that a rank writes when it ends the run, for the launcher alone.</summary>
    public const string Ending = "convolve-ranks: ending";

    /// <summary>A line that rank 0 writes when all ranks are connected, for the launcher alone.</summary>
    public const string Joined = "convolve-ranks: joined";

    /// <summary>
    /// How the first of the ranks that are left begins its last line, which ends with its exit code, for the launcher alone.
    /// </summary>
    public const string Ended = "convolve-ranks: ended ";

    private readonly List<string> _kept = [];
    private bool _isBlock;

    /// <summary>Whether a rank has said why the run ends.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>Whether all ranks are connected.</summary>
    public bool HasJoined { get; private set; }

    /// <summary>The exit code of the first of the ranks that were left, where they go on without others.</summary>
    public int? Code { get; private set; }

    /// <summary>Whether a rank wrote anything.</summary>
    public bool HasRankLines { get; private set; }

    /// <summary>What mpirun said.</summary>
    public string Kept => string.Join('\n', _kept);

    /// <summary>Takes the next line.</summary>
    public void Add(string line)
    {
        if (line == Ending)
            IsEnding = true;
        else if (line == Joined)
            HasJoined = true;
        else if (line.StartsWith(Ended, StringComparison.Ordinal))
            Code = int.Parse(line.AsSpan(Ended.Length), NumberStyles.None, CultureInfo.InvariantCulture);
        else if (line.Length > 40 && line.All(c => c == '-'))
            _isBlock = !_isBlock;
        else if (_isBlock || OwnLine().IsMatch(line))
            _kept.Add(line);
        else if (!string.IsNullOrWhiteSpace(line))
        {
            HasRankLines = true;
            write(line);
        }
    }

    /// <summary>The rank that a signal ended, and its host, if mpirun says so.</summary>
    public (int Rank, string Host, int Signal)? Killed =>
        KilledRank().Match(string.Join(' ', _kept)) is { Success: true } match
            ? (int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Groups[2].Value,
                int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture))
            : null;

    // mpirun: Forwarding signal 10 to job, [host:123] ORTE_ERROR_LOG: ..., [host][[123,1],0][btl_tcp_proc.c:266:...] ..., and
    // NBC_Progress: an error 75 was found during schedule ...
    [GeneratedRegex(@"^\s*(mpirun: |prterun: |NBC_Progress: |\[[^\]\s]+(:\d+\] |\]\[\[))")]
    private static partial Regex OwnLine();

    [GeneratedRegex(@"process rank (\d+) with PID \d+ on node (\S+) exited on\s+signal (\d+)")]
    private static partial Regex KilledRank();
}
