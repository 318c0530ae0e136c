using Convolve.Files;

namespace Convolve.Data.Fetching;

/// <summary>Finds, loads, fetches and checks the data sets of a catalog.</summary>
internal sealed class DatasetStore(DatasetEnvironment environment, IReadOnlyList<DatasetInfo> known)
{
    public DatasetInfo Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (known.FirstOrDefault(i => i.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } info)
            return info;
        throw new DatasetException(
            $"Unknown data set \"{name}\".{Guess(name)} Use one of {string.Join(", ", known.Select(i => i.Name))}, or folder:PATH for " +
            $"your own pictures.");
    }

    // A path of a folder that is there was meant as one of pictures.
    private string Guess(string name) => Directory.Exists(HomePath.Expand(name)) ? $" Did you mean {Format.Quoted($"folder:{name}")}?"
        : NearestName.Guess(name, known.Select(i => i.Name));

    public DatasetLocation Locate(DatasetInfo info, DatasetOptions options)
    {
        List<(string Directory, DatasetSource Source)> places = [];
        if (options.DataDirectory is { } directory)
        {
            places.Add((Path.Combine(directory, info.FolderName), DatasetSource.DataDirectory));
            places.Add((directory, DatasetSource.DataDirectory));
        }
        else
        {
            if (!string.IsNullOrEmpty(environment.DataVariable))
            {
                places.Add((Path.Combine(environment.DataVariable, info.FolderName), DatasetSource.Environment));
                places.Add((environment.DataVariable, DatasetSource.Environment));
            }

            places.Add((Path.Combine(environment.CacheDirectory, info.FolderName), DatasetSource.Cache));
            places.AddRange(info.SystemDirectories.Where(Path.IsPathFullyQualified).Select(d => (d, DatasetSource.System)));
        }

        // As the archive unpacks: a folder of its own in the place.
        if (info.Archive is { } archive)
            places = [.. places.SelectMany(p => new[] { (Path.Combine(p.Directory, archive.Folder), p.Source), p })];
        return new DatasetLocation(info, [.. places.Select(p => new DatasetFolder(info, p.Directory, p.Source))]);
    }

    /// <summary>Waits for <see cref="LoadAsync"/>.</summary>
    public LoadedData Load(string name, DatasetOptions options, IProgress<DataProgress>? progress, CancellationToken cancellation) =>
        Wait(() => LoadAsync(name, options, progress, cancellation));

    public async Task<LoadedData> LoadAsync(
        string name, DatasetOptions options, IProgress<DataProgress>? progress, CancellationToken cancellation)
    {
        DatasetInfo info = Find(name);
        DatasetLocation location = Locate(info, options);
        if (!location.IsFound && options.DataDirectory is null && options.AllowDownload)
            location = await FetchAsync(name, options, progress, cancellation).ConfigureAwait(false);
        DatasetFolder folder = location.Found ?? throw Missing(location, options);
        progress?.Report(new($"Reading {info.Name} from {folder.Directory}"));

        DatasetJudge judge = new(info, known, options.FetchCommand(info));
        Task<LoadedPart>[] parts = [.. new[] { DatasetRole.Train, DatasetRole.Test }
            .Select(part => Task.Run(() => info.Format.Read(folder, part, judge, cancellation), cancellation))];
        LoadedPart[] loaded = await Task.WhenAll(parts).ConfigureAwait(false);
        string[] remarks = loaded.All(p => p.IsPublished) ? [] : [OtherBytes(folder, options)];
        foreach (string remark in remarks)
            progress?.Report(new(remark));
        return new LoadedData(info, loaded[0].Images, loaded[1].Images, folder.Directory) { Remarks = remarks };
    }

    /// <summary>Waits for <see cref="FetchAsync"/>.</summary>
    public DatasetLocation Fetch(string name, DatasetOptions options, IProgress<DataProgress>? progress, CancellationToken cancellation) =>
        Wait(() => FetchAsync(name, options, progress, cancellation));

    public async Task<DatasetLocation> FetchAsync(
        string name, DatasetOptions options, IProgress<DataProgress>? progress, CancellationToken cancellation)
    {
        DatasetInfo info = Find(name);
        if (Whole(info, options, progress, cancellation) is { } there)
            return there;
        IReadOnlyList<Uri> mirrors = environment.MirrorsOf(info, options);
        string target = Path.Combine(options.DataDirectory ?? environment.CacheDirectory, info.FolderName);
        try
        {
            using FolderLock held = await FolderLock.AcquireAsync(target, info.Name, progress, cancellation).ConfigureAwait(false);
            // Another process may have fetched it in the meantime.
            if (held.HasWaited && Whole(info, options, progress, cancellation) is { } meanwhile)
                return meanwhile;
            DatasetFetch fetch = new(info, target, mirrors, environment, options.FetchCommand(info), progress);
            if (info.Archive is { } archive)
                await FetchArchiveAsync(info, archive, target, fetch, options, cancellation).ConfigureAwait(false);
            else
                await FetchFilesAsync(info, target, fetch, options, cancellation).ConfigureAwait(false);
        }
        catch (FileWriteException e)
        {
            throw new DownloadException(
                $"{info.Name} cannot be fetched. {e.Message} The partial download is kept; to resume it, run " +
                $"{options.FetchCommand(info)}. " +
                "To use another folder, set XDG_CACHE_HOME or the data directory.", e)
            { Remedy = Remedy.DataDirectory };
        }

        DatasetLocation location = Locate(info, options);
        return location.Found is { } found && SystemPaths.IsWithin(target, found.Directory) ? location
            : throw new DatasetException(
                $"{info.Name} is now complete in {target}, but {location.Directory} is searched first and has bad files of it. Delete " +
                $"those.");
    }

    public DatasetReport Verify(string name, DatasetOptions options, CancellationToken cancellation)
    {
        DatasetInfo info = Find(name);
        DatasetLocation location = Locate(info, options);
        DatasetFolder folder = location.Found ?? location.Folders.MaxBy(f => f.FoundCount)!;
        DatasetFileReport[] files = Check(folder, options, cancellation);
        return new DatasetReport(info, folder.FoundCount == 0 ? null : folder.Directory, files)
        {
            Note = files.Any(f => f.Note is not null) ? OtherBytes(folder, options) : null,
        };
    }

    // Not on the caller's thread: its synchronization context can't run what follows an await while the caller waits.
    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();

    /// <summary>Where the set is found with nothing wrong; null if it is not.</summary>
    private DatasetLocation? Whole(DatasetInfo info, DatasetOptions options, IProgress<DataProgress>? progress,
        CancellationToken cancellation)
    {
        DatasetLocation location = Locate(info, options);
        if (location.Found is not { } found || Check(found, options, cancellation) is var files && !files.All(f => f.IsOk))
            return null;
        progress?.Report(new($"{info.Name} is in {found.Directory}"));
        if (files.Any(f => f.Note is not null))
            progress?.Report(new(OtherBytes(found, options)));
        return location;
    }

    private async Task FetchArchiveAsync(
        DatasetInfo info, DatasetArchive archive, string target, DatasetFetch fetch, DatasetOptions options, CancellationToken cancellation)
    {
        DatasetLocation location = Locate(info, options);
        // Good files may be there while bad ones elsewhere come first.
        string unpacked = Path.Combine(target, archive.Folder);
        if (location.Folders.Any(f => f.IsComplete && f.Directory == unpacked && Check(f, options, cancellation).All(r => r.IsOk)))
            return;
        string? local = location.Folders.Select(f => Path.Combine(f.Directory, archive.Name)).Append(Path.Combine(target, archive.Name))
            .FirstOrDefault(File.Exists);
        await fetch.ArchiveAsync(archive, local, cancellation).ConfigureAwait(false);
    }

    private async Task FetchFilesAsync(
        DatasetInfo info, string target, DatasetFetch fetch, DatasetOptions options, CancellationToken cancellation)
    {
        DatasetFolder folder = new(info, target, default);
        IReadOnlyList<DatasetFileReport> present = Check(folder, options, cancellation);
        for (int i = 0; i < info.Files.Count; i++)
        {
            if (present[i].IsOk)
                continue;
            await fetch.FileAsync(info.Files[i], cancellation).ConfigureAwait(false);
            // A bad file under a name that is preferred to the packed one's would still be read.
            if (folder.Paths[i] is { } bad && bad != Path.Combine(target, info.Files[i].PackedName))
                FileOperation.Run(FileStep.Rename, bad + ".bad", () => Renaming.Replace(bad, bad + ".bad"));
        }
    }

    private DatasetFileReport[] Check(DatasetFolder folder, DatasetOptions options, CancellationToken cancellation)
    {
        DatasetInfo info = folder.Info;
        DatasetJudge judge = new(info, known, options.FetchCommand(info));
        return [.. info.Files.Where(f => !f.IsOptional || folder.PathOf(f) is not null).Select(file => folder.PathOf(file) is { } path
            ? info.Format.Check(file, path, judge, cancellation)
            : new DatasetFileReport(file.Name, null, 0, null, file.Digest, $"{MissingIn(file, folder)} Run {judge.FetchCommand}."))];
    }

    private static string OtherBytes(DatasetFolder folder, DatasetOptions options) =>
        $"{folder.Directory} has the layout of {folder.Info.Name}, but not the published bytes. It can be used, but results on it are " +
        $"not results on {folder.Info.Name} itself. To get the published data set, move it away and run " +
        $"{options.FetchCommand(folder.Info)}.";

    private static string MissingIn(DatasetFile file, DatasetFolder folder) => folder.Info.Archive is null
        ? $"Neither {file.Name} nor {file.PackedName} is in {folder.Directory}."
        : $"{file.Name} is not in {folder.Directory}.";

    private static DatasetException Missing(DatasetLocation location, DatasetOptions options)
    {
        DatasetInfo info = location.Info;
        string searched = string.Join("; ", location.Folders.Select(f => f.FoundCount == 0
            ? $"{f.Directory} ({(Directory.Exists(f.Directory) ? "none of them" : "no such folder")})"
            : $"{f.Directory} (lacks {string.Join(", ", f.Missing.Select(x => x.Name))})"));
        string mend = options.DataDirectory is not null
            ? $"Put them into {location.Folders[0].Directory}, fetch them with {options.FetchCommand(info)}, or leave out the data " +
                $"directory to search the usual places."
            : $"Run {options.FetchCommand(info)}, or set CONVOLVE_DATA to the folder with its files.";
        return new DatasetException(
            $"{info.Name} was not found. Looked for {string.Join(", ", info.Files.Where(f => !f.IsOptional).Select(f => f.Name))}" +
            $"{(info.Archive is null ? ", plain or with .gz," : "")} in {searched}. {Aside(location)}{mend}");
    }

    /// <summary>What is there and might be mistaken for the data set.</summary>
    private static string Aside(DatasetLocation location)
    {
        if (location.Info.Archive is not { } archive)
            return "";
        string[] folders = [.. location.Folders.Select(f => f.Directory)];
        if (folders.Select(f => Path.Combine(f, archive.Name)).FirstOrDefault(File.Exists) is { } packed)
            return $"{packed} is there, but not unpacked: run {new DatasetOptions().FetchCommand(location.Info)}. ";
        return folders.SelectMany(f => archive.ForeignFolders.Select(name => Path.Combine(f, name)))
            .FirstOrDefault(Directory.Exists) is { } foreign
            ? $"{foreign} is the Python or Matlab version of the data set; only the binary version can be read. " : "";
    }
}
