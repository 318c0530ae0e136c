using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Convolve.Cli.Terminal;

namespace Convolve.Cli.Ranks;

/// <summary>A host that ranks run on.</summary>
/// <param name="Name">As ssh and Open MPI take it.</param>
/// <param name="Ranks">How many of them.</param>
internal readonly record struct RankHost(string Name, int Ranks);

/// <summary>The file of --hosts, in the form of Open MPI's hostfile: a host a line, with slots=N where it isn't to have its equal share.</summary>
internal sealed partial class HostFile
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private readonly string _path;
    private readonly List<(string Name, int? Slots, int Line)> _hosts = [];

    /// <exception cref="UsageException">It can't be read, or a line isn't a host.</exception>
    public HostFile(string path)
    {
        _path = path;
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--hosts: can't read {path} ({e.Message.TrimEnd('.')}). Write a host a line, such as: node1 slots=2");
        }
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Split('#')[0].Trim();
            if (line.Length == 0)
                continue;
            Match match = HostLine().Match(line);
            if (!match.Success)
                throw new UsageException(
                    $"{At(i + 1)}: expected a host such as \"node1\" or \"node1 slots=2\", got \"{line}\".");
            string slots = match.Groups["slots"].Value;
            _hosts.Add((match.Groups["name"].Value, slots.Length > 0 ? int.Parse(slots, CultureInfo.InvariantCulture) : null, i + 1));
        }
        if (_hosts.Count == 0)
            throw new UsageException($"--hosts: {path} names no host. Write a host a line, such as: node1 slots=2");
    }

    /// <summary>Which hosts get how many ranks, in order: as many as their slots, or where no host has a number, equal shares.</summary>
    /// <exception cref="UsageException">There are fewer slots than ranks.</exception>
    public IReadOnlyList<RankHost> Share(int ranks)
    {
        List<RankHost> shares = [];
        if (_hosts.All(host => host.Slots is null))
        {
            for (int i = 0; i < _hosts.Count; i++)
                Add(_hosts[i].Name, (int)((long)ranks * (i + 1) / _hosts.Count - (long)ranks * i / _hosts.Count));
            return shares;
        }
        int left = ranks;
        foreach ((string name, int? slots, _) in _hosts)
        {
            int share = Math.Min(left, slots ?? 1);
            Add(name, share);
            left -= share;
        }
        return left == 0 ? shares
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"{_path} has {ranks - left} slots for {ranks} ranks. Add hosts or slots, or use --ranks {ranks - left}."));

        void Add(string name, int share)
        {
            if (share > 0)
                shares.Add(new(name, share));
        }
    }

    /// <summary>Refuses hosts whose names mean nothing here, before anything waits for them.</summary>
    /// <exception cref="UsageException">The name of a host doesn't resolve; the message names its line and its first rank.</exception>
    public void RequireNames(IReadOnlyList<RankHost> shares)
    {
        using CancellationTokenSource limit = new(Patience);
        Task<string?>[] problems = [.. shares.Select(host => Task.Run(() => ProblemOf(host.Name, limit.Token)))];
        // getaddrinfo itself can't be canceled.
        Task.WaitAll(problems, Patience);
        int rank = 0;
        for (int i = 0; i < shares.Count; i++)
        {
            string? problem = problems[i].IsCompleted ? problems[i].Result : "no answer from the name server";
            if (problem is not null)
                throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                    $"{At(_hosts.First(host => host.Name == shares[i].Name).Line)}: host {shares[i].Name} (rank {rank}) doesn't resolve: ") +
                    $"{problem}. Correct the name, or add it to /etc/hosts.");
            rank += shares[i].Ranks;
        }
    }

    private static async Task<string?> ProblemOf(string name, CancellationToken cancellation)
    {
        try
        {
            return (await Dns.GetHostAddressesAsync(name, cancellation)).Length > 0 ? null : "no address";
        }
        catch (SocketException e)
        {
            return e.Message.TrimEnd('.');
        }
        catch (OperationCanceledException)
        {
            return "no answer from the name server";
        }
    }

    private string At(int line) => string.Create(CultureInfo.InvariantCulture, $"{_path} line {line}");

    [GeneratedRegex(@"^(?<name>[A-Za-z0-9_.:-]+)(\s+(slots|max[-_]slots)\s*=\s*(?<slots>[1-9][0-9]{0,5}))*$")]
    private static partial Regex HostLine();
}
