namespace Convolve.Data;

/// <summary>
/// Four IDX files, plain or packed: images and labels to train on, images and labels to test on. Their digests must be those that were
/// published.
/// </summary>
internal sealed class IdxFormat : DatasetFormat
{
    public override IEnumerable<string> NamesOf(DatasetFile file)
    {
        // Some sites spell them with a point.
        string dotted = file.Name.Replace("-idx", ".idx", StringComparison.Ordinal);
        return [file.Name, file.PackedName, dotted, dotted + ".gz"];
    }

    public override LoadedPart Read(DatasetFolder folder, DatasetRole part, DatasetJudge judge, CancellationToken cancellation)
    {
        DatasetInfo info = judge.Info;
        DatasetFile[] files = [.. info.Files.Where(f => f.Role == part)];
        IdxArray images = ReadFile(folder, files[0], 3, judge), labels = ReadFile(folder, files[1], 1, judge);
        cancellation.ThrowIfCancellationRequested();
        Dataset dataset = Idx.Join($"{info.Name} {DatasetInfo.PartName(part)}", images, labels, info.ClassNames);
        return dataset.Size == info.Size
            ? new(dataset, IsPublished: true)
            : throw new DatasetException(
            $"{images.Path} holds images of {dataset.Size}, but those of {info.Name} are {info.Size}. {judge.Mend}");
    }

    public override DatasetFileReport Check(DatasetFile file, string path, DatasetJudge judge, CancellationToken cancellation)
    {
        try
        {
            (string digest, long bytes) = DataFile.Digest(path, file.Bytes, file.Digest, cancellation);
            string? problem = bytes > file.Bytes
                ? $"{path} is longer than the {file.Bytes} bytes of {judge.Info.Name}'s {file.Name}. {judge.Mend}"
                : judge.DigestProblem(file, path, digest);
            return new DatasetFileReport(file.Name, path, bytes, digest, file.Digest, problem);
        }
        catch (DatasetException e)
        {
            return new DatasetFileReport(file.Name, path, 0, null, file.Digest, $"{e.Message} {judge.Mend}");
        }
    }

    private static IdxArray ReadFile(DatasetFolder folder, DatasetFile file, int dimensions, DatasetJudge judge)
    {
        string path = folder.PathOf(file)!;
        IdxArray array = judge.Guard(() => Idx.Read(path, dimensions, withDigest: file.Digest is not null));
        return judge.DigestProblem(file, path, array.Md5) is { } problem ? throw new DatasetException(problem) : array;
    }
}
