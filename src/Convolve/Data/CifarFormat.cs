namespace Convolve.Data;

/// <summary>
/// Files of records in CIFAR's layout, and lists of class names, which may be missing. The layout must be right to the byte; other bytes
/// than the published ones are accepted and reported: copies are about whose pixels differ.
/// </summary>
internal sealed class CifarFormat(CifarRecords records) : DatasetFormat
{
    private const int MostNameBytes = 1 << 14;

    public override IEnumerable<string> NamesOf(DatasetFile file) => [file.Name];

    public override LoadedPart Read(DatasetFolder folder, DatasetRole part, DatasetJudge judge, CancellationToken cancellation)
    {
        DatasetInfo info = judge.Info;
        foreach (DatasetFile list in info.Files.Where(f => f.Role == DatasetRole.Names))
        {
            if (folder.PathOf(list) is { } path)
                judge.Guard(() => CheckNames(path, list.Names!));
        }

        DatasetFile[] files = [.. info.Files.Where(f => f.Role == part)];
        int count = files.Sum(CountOf), start = 0;
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(count * records.Size.Length)), labels = new byte[count];
        bool isPublished = true;
        foreach (DatasetFile file in files)
        {
            int own = CountOf(file);
            string? digest = judge.Guard(() => records.Read(folder.PathOf(file)!, own, labels.AsMemory(start, own),
                pixels.AsMemory(start * records.Size.Length, own * records.Size.Length), file.Digest, cancellation));
            if (judge.MixUpProblem(file, folder.PathOf(file)!, digest) is { } problem)
                throw new DatasetException(problem);
            isPublished &= digest == file.Digest;
            start += own;
        }

        return new(new MemoryDataset($"{info.Name} {DatasetInfo.PartName(part)}", records.Size, pixels, labels, info.ClassNames),
            isPublished);
    }

    public override DatasetFileReport Check(DatasetFile file, string path, DatasetJudge judge, CancellationToken cancellation)
    {
        try
        {
            if (file.Role == DatasetRole.Names)
                return new DatasetFileReport(file.Name, path, CheckNames(path, file.Names!), null, null, null);
            string? digest = records.Read(path, CountOf(file), default, default, file.Digest, cancellation);
            string? note = digest == file.Digest ? null :
                $"{path} has the layout of {judge.Info.Name}'s {file.Name}, but not its bytes: the {ContentDigest.KindOf(digest)} is " +
                $"{digest}, that of the published file {file.Digest}. It can be used, but results on it are not results on " +
                $"{judge.Info.Name}. To get the published one, move it away and run {judge.FetchCommand}.";
            string? problem = judge.MixUpProblem(file, path, digest);
            return new DatasetFileReport(file.Name, path, file.Bytes, digest, file.Digest, problem)
            {
                Note = problem is null ? note
                : null
            };
        }
        catch (DatasetException e)
        {
            return new DatasetFileReport(file.Name, path, 0, null, file.Digest, $"{e.Message} {judge.Mend}");
        }
    }

    private int CountOf(DatasetFile file) => (int)(file.Bytes / records.Length);

    /// <summary>Reads a list of names, which must be the known ones, or the labels mean something else; gives its bytes.</summary>
    private static int CheckNames(string path, IReadOnlyList<string> expected) => DataFile.Guard(path, () =>
    {
        using DataFile file = DataFile.Open(path);
        byte[] bytes = new byte[MostNameBytes];
        int got = file.Content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        string[] names = System.Text.Encoding.UTF8.GetString(bytes, 0, got)
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < Math.Max(names.Length, expected.Count); i++)
        {
            string? came = names.ElementAtOrDefault(i), wanted = expected.ElementAtOrDefault(i);
            if (came != wanted)
            {
                throw new DatasetException(
                    $"{path} names class {i} {Quoted(came)}, expected {Quoted(wanted)}: the labels of these files mean something else, " +
                    $"or the file is damaged.");
            }
        }

        return got;

        static string Quoted(string? name) => name is null ? "not at all" : $"\"{ForeignText.Of(name, 40)}\"";
    });
}
