using System.Diagnostics;
using System.Globalization;

namespace Convolve.Cli.Tests.Ranks;

/// <summary>Finds a rank among the processes of this machine, and kills it.</summary>
internal static class RankKills
{
    // Processes end while they are looked at.
    private const string Find = """
        exec 2>/dev/null
        for e in /proc/[0-9]*/environ; do
            v=$(tr '\0' '\n' <"$e" 2>/dev/null) || continue
            grep -q "^OMPI_COMM_WORLD_RANK=$1\$" <<<"$v" && grep -q "^CONVOLVE_RANK_OF=$2\$" <<<"$v" || continue
            p=${e%/environ}
            kill -KILL "${p#/proc/}" && exit 0
        done
        exit 1
        """;

    /// <summary>Kills a rank.</summary>
    /// <param name="launcher">The process that was started with --ranks.</param>
    /// <param name="rank">Of its ranks.</param>
    /// <returns>Whether there was one.</returns>
    public static bool Kill(int launcher, int rank)
    {
        using Process kill = Process.Start("bash", ["-c", Find, "kill", rank.ToString(CultureInfo.InvariantCulture),
            launcher.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        return kill.ExitCode == 0;
    }
}
