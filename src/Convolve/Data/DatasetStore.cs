namespace Convolve.Data;

/// <summary>What the search for data sets depends on.</summary>
/// <param name="DataVariable">The value of CONVOLVE_DATA.</param>
/// <param name="CacheDirectory">Where downloads go, a folder for each set.</param>
/// <param name="Patience">How long a mirror may stay silent.</param>
internal sealed record DatasetEnvironment(string? DataVariable, string CacheDirectory, TimeSpan Patience)
{
    public static DatasetEnvironment Current()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache) || !Path.IsPathRooted(cache))
            cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return new DatasetEnvironment(
            Environment.GetEnvironmentVariable("CONVOLVE_DATA"), Path.Combine(cache, "convolve"), TimeSpan.FromSeconds(30));
    }
}

/// <summary>Finds, loads, fetches and checks the data sets of a catalogue.</summary>
internal sealed class DatasetStore(DatasetEnvironment environment, IReadOnlyList<DatasetInfo> known)
{
    private const int TrainImages = 0, TrainLabels = 1, TestImages = 2, TestLabels = 3;

    public DatasetInfo Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (known.FirstOrDefault(i => i.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } info)
            return info;
        string? nearest = NearestName.Of(name, known.Select(i => i.Name));
        throw new DataException(
            $"There is no data set \"{name}\".{(nearest is null ? "" : $" Did you mean \"{nearest}\"?")} " +
            $"Known are: {string.Join(", ", known.Select(i => i.Name))}, and folder:PATH for your own pictures.");
    }

    public DatasetLocation Locate(DatasetInfo info, DatasetOptions options)
    {
        List<(string Directory, DatasetSource Source)> places = [];
        if (options.DataDirectory is { } directory)
        {
            places.Add((Path.Combine(directory, info.Name), DatasetSource.DataDirectory));
            places.Add((directory, DatasetSource.DataDirectory));
        }
        else
        {
            if (!string.IsNullOrEmpty(environment.DataVariable))
            {
                places.Add((Path.Combine(environment.DataVariable, info.Name), DatasetSource.Environment));
                places.Add((environment.DataVariable, DatasetSource.Environment));
            }

            places.Add((Path.Combine(environment.CacheDirectory, info.Name), DatasetSource.Cache));
            places.AddRange(info.SystemDirectories.Select(d => (d, DatasetSource.System)));
        }

        return new DatasetLocation(info, [.. places.Select(p => new DatasetFolder(p.Directory, p.Source, FindFiles(info, p.Directory)))]);
    }

    public LoadedData Load(string name, DatasetOptions options, IProgress<string>? progress, CancellationToken cancellation)
    {
        DatasetInfo info = Find(name);
        DatasetLocation location = Locate(info, options);
        if (!location.IsFound && options.DataDirectory is null && options.AllowDownload)
            location = Fetch(name, options, progress, cancellation);
        DatasetFolder folder = location.Found ?? throw Missing(location, options);
        progress?.Report($"Reading {info.Name} from {folder.Directory}");

        Task<Dataset>[] parts =
        [
            Task.Run(() => Read(info, folder, TrainImages, TrainLabels, cancellation), cancellation),
            Task.Run(() => Read(info, folder, TestImages, TestLabels, cancellation), cancellation),
        ];
        Dataset[] loaded = Task.WhenAll(parts).GetAwaiter().GetResult();
        return new LoadedData(info, loaded[0], loaded[1], folder.Directory);
    }

    public DatasetLocation Fetch(string name, DatasetOptions options, IProgress<string>? progress, CancellationToken cancellation)
    {
        DatasetInfo info = Find(name);
        DatasetLocation location = Locate(info, options);
        if (location.Found is { } found && Check(info, found, cancellation).All(f => f.IsOk))
        {
            progress?.Report($"{info.Name} is in {found.Directory}");
            return location;
        }

        string target = Path.Combine(options.DataDirectory ?? environment.CacheDirectory, info.Name);
        DatasetFolder folder = new(target, default, FindFiles(info, target));
        IReadOnlyList<DatasetFileReport> present = Check(info, folder, cancellation);
        DatasetDownload download = new(info, target, environment.Patience, progress);
        for (int i = 0; i < info.Files.Count; i++)
        {
            if (present[i].IsOk)
                continue;
            Task.Run(() => download.FetchAsync(info.Files[i], cancellation), cancellation).GetAwaiter().GetResult();
            // A bad file under a name that is preferred to the archive's would still be read.
            string archive = Path.Combine(target, info.Files[i].ArchiveName);
            if (folder.Paths[i] is { } bad && bad != archive)
                File.Move(bad, bad + ".bad", overwrite: true);
        }

        return Locate(info, options);
    }

    public DatasetReport Verify(string name, DatasetOptions options, CancellationToken cancellation)
    {
        DatasetInfo info = Find(name);
        DatasetLocation location = Locate(info, options);
        DatasetFolder folder = location.Found ?? location.Folders.MaxBy(f => f.FoundCount)!;
        return new DatasetReport(info, folder.FoundCount == 0 ? null : folder.Directory, Check(info, folder, cancellation));
    }

    private static string?[] FindFiles(DatasetInfo info, string directory) =>
        [.. info.Files.Select(f => f.AcceptedNames.Select(n => Path.Combine(directory, n)).FirstOrDefault(File.Exists))];

    private Dataset Read(DatasetInfo info, DatasetFolder folder, int images, int labels, CancellationToken cancellation)
    {
        IdxArray imageArray = ReadFile(info, folder, images, 3), labelArray = ReadFile(info, folder, labels, 1);
        cancellation.ThrowIfCancellationRequested();
        Dataset dataset = Idx.Join($"{info.Name} {(images == TrainImages ? "train" : "test")}", imageArray, labelArray, info.ClassNames);
        return dataset.Size == info.Size
            ? dataset
            : throw new DataException(
                $"{imageArray.Path} holds images of {dataset.Size}, but those of {info.Name} are {info.Size}. {Mend(info)}");
    }

    private IdxArray ReadFile(DatasetInfo info, DatasetFolder folder, int index, int dimensions)
    {
        DatasetFile file = info.Files[index];
        string path = folder.Paths[index]!;
        IdxArray array;
        try
        {
            array = Idx.Read(path, dimensions, withDigest: file.Md5 is not null);
        }
        catch (DataException e)
        {
            throw new DataException($"{e.Message} {Mend(info)}", e);
        }

        return DigestProblem(info, file, path, array.Md5) is { } problem ? throw new DataException(problem) : array;
    }

    private DatasetFileReport[] Check(DatasetInfo info, DatasetFolder folder, CancellationToken cancellation) =>
        [.. info.Files.Select((file, i) => Check(info, file, folder.Paths[i], folder.Directory, cancellation))];

    private DatasetFileReport Check(DatasetInfo info, DatasetFile file, string? path, string directory, CancellationToken cancellation)
    {
        if (path is null)
        {
            return new DatasetFileReport(
                file.Name, null, 0, null, file.Md5, $"Neither {file.Name} nor {file.ArchiveName} is in {directory}. {Fetch(info)}");
        }

        try
        {
            (string md5, long bytes) = DataFile.Digest(path, file.Bytes, cancellation);
            string? problem = bytes > file.Bytes
                ? $"{path} is longer than the {file.Bytes} bytes of {info.Name}'s {file.Name}. {Mend(info)}"
                : DigestProblem(info, file, path, md5);
            return new DatasetFileReport(file.Name, path, bytes, md5, file.Md5, problem);
        }
        catch (DataException e)
        {
            return new DatasetFileReport(file.Name, path, 0, null, file.Md5, $"{e.Message} {Mend(info)}");
        }
    }

    private string? DigestProblem(DatasetInfo info, DatasetFile file, string path, string? md5)
    {
        if (file.Md5 is null || md5 == file.Md5)
            return null;
        var owner = known.SelectMany(i => i.Files.Select(f => (Info: i, File: f))).FirstOrDefault(o => o.File.Md5 == md5);
        string what = owner.Info is null ? "It is damaged or another file."
            : owner.Info == info ? $"This is {info.Name}'s {owner.File.Name}: two files have each other's name."
            : $"This is {owner.Info.Name}'s {owner.File.Name}: give each set its own folder, as their files have the same names.";
        return $"{path} is not {info.Name}'s {file.Name}: its unpacked content has the MD5 {md5}, expected {file.Md5}. {what} {Mend(info)}";
    }

    private static string Fetch(DatasetInfo info) => $"Run `convolve data fetch {info.Name}`.";

    private static string Mend(DatasetInfo info) => $"To get it new, delete it and run `convolve data fetch {info.Name}`.";

    private static DataException Missing(DatasetLocation location, DatasetOptions options)
    {
        DatasetInfo info = location.Info;
        string searched = string.Join("; ", location.Folders.Select(f => f.FoundCount == 0
            ? $"{f.Directory} ({(Directory.Exists(f.Directory) ? "none of them" : "no such folder")})"
            : $"{f.Directory} (lacks {string.Join(", ", info.Files.Where((_, i) => f.Paths[i] is null).Select(x => x.Name))})"));
        string mend = options.DataDirectory is { } directory
            ? $"Put them into {location.Folders[0].Directory}, fetch them with `convolve data fetch {info.Name} --data-dir {directory}`, " +
              "or leave out the data directory to have the usual places searched."
            : $"Run `convolve data fetch {info.Name}`, or name the folder that holds them in CONVOLVE_DATA.";
        return new DataException(
            $"{info.Name} was not found. Looked for {string.Join(", ", info.Files.Select(f => f.Name))}, plain or with .gz, " +
            $"in {searched}. {mend}");
    }
}
