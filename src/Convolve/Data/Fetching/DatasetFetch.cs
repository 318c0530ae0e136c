using Convolve.Files;

namespace Convolve.Data.Fetching;

/// <summary>
/// Brings the files of a set into a folder: downloaded one by one, or out of one archive. A file appears under its name, and the folder of
/// an archive as a whole, only when complete, checked and on the disk.
/// </summary>
/// <param name="info">The set.</param>
/// <param name="directory">The folder to fetch into.</param>
/// <param name="mirrors">Where the files are.</param>
/// <param name="environment">What downloads depend on.</param>
/// <param name="command">What fetches it again, for messages.</param>
/// <param name="progress">Told what is done.</param>
internal sealed class DatasetFetch(
    DatasetInfo info, string directory, IReadOnlyList<Uri> mirrors, DatasetEnvironment environment, string command,
    IProgress<DataProgress>? progress)
{
    /// <summary>What a mirror may send more than the unpacked file has: the smallest files may grow when packed.</summary>
    private const long Surplus = 1 << 16;

    private readonly List<Uri> _mirrors = [.. mirrors];

    /// <summary>Downloads a file that is published by itself.</summary>
    public async Task FileAsync(DatasetFile file, CancellationToken cancellation)
    {
        RemoteFile remote = new(file.PackedName, Addresses(file.PackedName), [], file.Bytes + Surplus, 0,
            (path, token) => Problem(path, file, token));
        PartFile part = await PartAsync(file.PackedName, remote, cancellation).ConfigureAwait(false);
        part.MoveTo(Path.Combine(directory, file.PackedName));
    }

    /// <summary>Unpacks the data set's archive, after downloading it if it isn't there yet.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="local">Where it is; null to download it.</param>
    /// <param name="cancellation">Cancels it.</param>
    public async Task ArchiveAsync(DatasetArchive archive, string? local, CancellationToken cancellation)
    {
        long unpacked = info.Files.Sum(f => f.Bytes);
        PartFile? part = null;
        if (local is null)
        {
            long?[] sizes = [.. archive.Versions.Select(v => v.Bytes)];
            RemoteFile remote = new(archive.Name, Addresses(archive.Name), sizes.Contains(null) ? [] : [.. sizes.OfType<long>()],
                sizes.Max() is { } most && !sizes.Contains(null) ? most : unpacked + Surplus, unpacked,
                (path, token) => Problem(path, archive, token));
            part = await PartAsync(archive.Name, remote, cancellation).ConfigureAwait(false);
        }
        else if (Problem(local, archive, cancellation) is { } problem)
        {
            throw new DatasetException(
                $"{local} is not {info.Name}'s archive: it {problem}. Move it away and run {command} to download the published one. If " +
                $"it is what you want, unpack it yourself, with its files in {Path.Combine(directory, archive.Folder)}.");
        }

        string staging = Path.Combine(directory, ".unpacking"), target = Path.Combine(directory, archive.Folder);
        progress?.Report(new($"Unpacking {archive.Name} into {target}"));
        Discard(staging); // of a process that was killed
        try
        {
            FileOperation.Run(FileStep.Create, staging, () => Directory.CreateDirectory(staging));
            TarExtraction.Extract(local ?? part!.Path, archive.Folder, info.Files, staging, cancellation);
            if (Path.Exists(target) && FreeName(target + ".bad") is var aside)
                FileOperation.Run(FileStep.Rename, aside, () => Directory.Move(target, aside));
            FileOperation.Run(FileStep.Rename, target, () => Directory.Move(staging, target));
            part?.Delete();
            FileOperation.Run(FileStep.SyncFolder, target, () => FolderSync.Sync(directory));
        }
        finally
        {
            Discard(staging);
        }
    }

    /// <summary>Takes a folder away. One that cannot be deleted is found out when its place is needed.</summary>
    private static void Discard(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private async Task<PartFile> PartAsync(string name, RemoteFile remote, CancellationToken cancellation)
    {
        PartFile part = new(Path.Combine(directory, $".{name}.part"));
        (Uri? from, IReadOnlyList<string> failures) =
            await new Download(remote, part, environment, progress).RunAsync(cancellation).ConfigureAwait(false);
        if (from is null)
            throw Failed(name, failures);
        // The next file is asked for where this one was found.
        Uri mirror = _mirrors[remote.Addresses.TakeWhile(a => a != from).Count()];
        _mirrors.Remove(mirror);
        _mirrors.Insert(0, mirror);
        return part;
    }

    private Uri[] Addresses(string name) => [.. _mirrors.Select(m => new Uri(m, name))];

    private DownloadException Failed(string name, IReadOnlyList<string> failures)
    {
        string byHand = info.Archive is { } archive
            ? $"put {archive.Name} ({ContentDigest.KindOf(archive.Versions[0].Digest)} {archive.Versions[0].Digest}) into {directory} " +
                $"and run it again; or set CONVOLVE_DATA to a folder with its files"
            : $"put {string.Join(", ", info.Files.Select(f => f.PackedName))} into {directory}";
        return new(
            $"{info.Name} cannot be downloaded: {(failures.Count == 0 ? "it has no mirror" : "no mirror delivered " + name)}." +
            string.Concat(failures.Select(f => $"{Environment.NewLine}  {f}")) + Environment.NewLine +
            $"Check the network and run {command} to resume the download; or {byHand}; or set CONVOLVE_MIRRORS to another mirror.");
    }

    /// <summary>What is wrong with a file that was packed by itself.</summary>
    private static string? Problem(string path, DatasetFile file, CancellationToken cancellation)
    {
        long bytes = new FileInfo(path).Length;
        if (bytes == 0)
            return "sent nothing";
        if (file.PackedDigest is { } packed && ContentDigest.OfFile(path, packed, cancellation) == packed)
            return null;
        try
        {
            string digest = DataFile.Digest(path, file.Bytes, file.Digest, cancellation).Digest;
            return file.Digest is null || digest == file.Digest ? null
                : $"sent other content: its {ContentDigest.KindOf(digest)} is {digest}, expected {file.Digest}";
        }
        catch (DatasetException)
        {
            return $"sent {bytes} bytes of gzip that are damaged or cut off";
        }
    }

    /// <summary>What is wrong with an archive.</summary>
    private static string? Problem(string path, DatasetArchive archive, CancellationToken cancellation) => DataFile.Guard(path, () =>
    {
        long bytes = new FileInfo(path).Length;
        foreach (ArchiveVersion version in archive.Versions.Where(v => v.Bytes is null || v.Bytes == bytes))
        {
            if (ContentDigest.OfFile(path, version.Digest, cancellation) == version.Digest)
                return null;
        }

        ArchiveVersion published = archive.Versions[0];
        string digest = ContentDigest.OfFile(path, published.Digest, cancellation);
        return $"holds {bytes} bytes with the {ContentDigest.KindOf(digest)} {digest}, expected {published.Bytes} with {published.Digest}";
    });

    private static string FreeName(string path) =>
        Enumerable.Range(1, int.MaxValue).Select(i => i == 1 ? path : FormattableString.Invariant($"{path}{i}"))
            .First(p => !Path.Exists(p));
}
