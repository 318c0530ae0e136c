
namespace Convolve.Data.Fetching;

/// <summary>A file that mirrors have.</summary>
/// <param name="Name">Its name, for messages.</param>
/// <param name="Addresses">Where it is, in the order to try.</param>
/// <param name="Sizes">The sizes, in bytes, that it may have; empty if they are not known.</param>
/// <param name="MostBytes">What it has at most.</param>
/// <param name="SpaceBytes">The additional bytes it needs on disk: its unpacked content.</param>
/// <param name="Problem">What is wrong with the content of the file at a path; null if nothing is.</param>
internal sealed record RemoteFile(
    string Name, IReadOnlyList<Uri> Addresses, IReadOnlyList<long> Sizes, long MostBytes, long SpaceBytes, Func<string, CancellationToken,
    string?> Problem);

/// <summary>What a mirror did wrong.</summary>
/// <param name="Problem">In words.</param>
/// <param name="IsFinal">Whether asking again is useless.</param>
internal sealed record MirrorFailure(string Problem, bool IsFinal);

/// <summary>
/// Downloads one file: from one mirror after the other until one delivers the right content, each of them several times if its failure may
/// pass. What arrived before a connection broke is kept, and the next one resumes there.
/// </summary>
internal sealed class Download(RemoteFile file, PartFile part, DatasetEnvironment environment, IProgress<DataProgress>? progress)
{
    /// <summary>A mirror that brought so much before it failed is asked for the rest at once.</summary>
    private const long WorthwhileBytes = 1 << 16;

    private const int Rounds = 3, BackoffGrowth = 3;

    /// <summary>Downloads the file into its part file; where it came from, or null and what each mirror did.</summary>
    /// <exception cref="Files.FileWriteException">The disk does not take it.</exception>
    /// <exception cref="DownloadException">The disk has no room for it.</exception>
    /// <exception cref="OperationCanceledException">It was canceled; what has come is kept.</exception>
    public async Task<(Uri? From, IReadOnlyList<string> Failures)> RunAsync(CancellationToken cancellation)
    {
        Dictionary<Uri, MirrorFailure> failures = [];
        TimeSpan pause = environment.Backoff;
        for (int round = 0; round < Rounds; round++)
        {
            Uri[] willing = [.. file.Addresses.Where(a => !failures.TryGetValue(a, out MirrorFailure? f) || !f.IsFinal)];
            if (willing.Length == 0)
                break;
            if (round > 0)
            {
                progress?.Report(new($"Trying again in {pause.TotalSeconds:0} s"));
                await Task.Delay(pause, cancellation).ConfigureAwait(false);
                pause *= BackoffGrowth;
            }

            foreach (Uri address in willing)
            {
                if (await AskAsync(address, cancellation).ConfigureAwait(false) is not { } failure)
                    return (address, []);
                failures[address] = failure;
                progress?.Report(new($"{address}: {failure.Problem}"));
            }
        }

        return (null, [.. file.Addresses.Select(a => $"{a}: {failures[a].Problem}")]);
    }

    private async Task<MirrorFailure?> AskAsync(Uri address, CancellationToken cancellation)
    {
        MirrorTransfer transfer = new(file, part, address, environment.Patience, progress);
        for (long most = part.Length; ; most = part.Length)
        {
            MirrorFailure? failure = await transfer.RunAsync(cancellation).ConfigureAwait(false);
            if (failure is null or { IsFinal: true } || part.Length < most + WorthwhileBytes)
                return failure;
            progress?.Report(new($"{address}: {failure.Problem}; asking for the rest"));
        }
    }
}
