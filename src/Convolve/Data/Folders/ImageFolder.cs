using System.Globalization;
using Convolve.Imaging;

namespace Convolve.Data.Folders;

/// <summary>
/// Your own pictures (JPEG, PNG, WebP, BMP, GIF) in a folder for each class: side by side, or below the folders train, validation
/// (or valid, val) and test, or other usual names such as Training and Testing. The name of the data set is <c>folder:</c> and the path.
/// </summary>
/// <remarks>
/// <para>Classes are numbered in the natural order of their names (class2 before class10). All levels below a class folder count, each real
/// folder once, however many links lead to it. Names that start with a dot are skipped.</para>
/// <para>If there is no test split, the folder validation takes its place, if there is one, and the validation split is drawn from train as
/// for any other set; else a tenth of each class is the test split. Which pictures it has depends only on their bytes, not on a seed, on
/// names or on what is added later, and it never separates identical pictures of one class.</para>
/// <para>Loading reads and decodes every file once, on all cores, so that no bad one ends a run later. Sets of up to 256 MiB decoded stay
/// in memory; of larger ones each picture is read and decoded when it is needed.</para>
/// <para>The images cycle through the classes, so that the first N are a fair sample.</para>
/// </remarks>
internal static class ImageFolder
{
    private const string Prefix = "folder:";

    /// <summary>The share of each class in the test split, if the folder has none.</summary>
    private const double TestShare = 0.1;

    /// <summary>Whether a data set's name means a folder of pictures.</summary>
    public static bool IsName(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Checks every file of a folder: readable, complete and in the right place.</summary>
    /// <param name="name">folder: and the path.</param>
    /// <param name="options">How large a picture may be.</param>
    /// <param name="progress">Receives the progress, one line each.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="DatasetException">The folder doesn't exist or has no class folders. Everything else is in the report.</exception>
    /// <exception cref="ImageLibraryException">The library that decodes pictures can't be loaded.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static ImageFolderReport Verify(
        string name, DatasetOptions? options = null, IProgress<DataProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new();
        FolderListing listing = ListingOf(name);
        FolderScan scan = FolderScan.Of(listing, options, keeps: false, progress, cancellation);
        ImageFolderReport report = FolderReporter.Report(NameOf(listing), scan, PartsOf(scan));
        if (report.Findings.Any(f => f.Kind == ImageFolderFindingKind.EmptyClass) || Refusal(scan, options) is not { } refusal)
            return report;
        ImageFolderFinding untrainable = new(ImageFolderFindingKind.Untrainable, listing.Root,
            $"{refusal} `{ProgramName.Current} train` refuses the folder in this state.");
        return report with { Findings = [.. report.Findings.Append(untrainable).OrderBy(f => f.Kind)] };
    }

    /// <summary>The name of a folder's set with the full path; nothing is read, not even whether there is one.</summary>
    /// <exception cref="DatasetException">The name has no path.</exception>
    public static string FullName(string name) => Prefix + FolderListing.RootOf(PathOf(name));

    internal static DatasetInfo Find(string name)
    {
        FolderListing listing = ListingOf(name);
        int Count(SplitPart part) => listing.Files.Count(f => f.Part == part);
        return InfoOf(listing, null, Count(SplitPart.Train), Count(SplitPart.Test));
    }

    internal static LoadedData Load(string name, DatasetOptions options, IProgress<DataProgress>? progress, CancellationToken cancellation)
    {
        if (options.DataDirectory is { } directory)
            throw new DatasetException(
                $"The data directory {directory} is for data sets known by name, and {name} names its own folder. Leave the directory " +
                $"out.");
        FolderListing listing = ListingOf(name, options.ClassNames);
        FolderScan scan = FolderScan.Of(listing, options, keeps: true, progress, cancellation);
        string[] skipped = Skipped(scan, options.SkipBad);
        LoadedData data = options.Recorded is { } recorded && !IsAsRecorded(scan, skipped, options, recorded)
            ? Restore(scan, skipped, options, recorded) : Assemble(scan, skipped, options);
        foreach (string remark in data.Remarks)
            progress?.Report(new(remark));
        return data;
    }

    /// <summary>
    /// Why training would refuse the good pictures of a folder; null if it wouldn't. Uses the code with which training loads them.
    /// </summary>
    private static string? Refusal(FolderScan scan, DatasetOptions options)
    {
        try
        {
            _ = Assemble(scan, [], options).Split();
            return null;
        }
        catch (DatasetException e)
        {
            return e.Message;
        }
    }

    private static LoadedData Assemble(FolderScan scan, string[] skipped, DatasetOptions options)
    {
        FolderListing listing = scan.Listing;
        bool isAllTest = options.TestsAll && listing.PartFolders.Skip(1).All(folder => folder.Length == 0);
        SplitPart?[] parts = PartsOf(scan);
        if (isAllTest)
            parts = Array.ConvertAll(parts, part => part is null ? part : SplitPart.Test);
        for (int label = 0; label < listing.ClassNames.Count && options.ClassNames is null && !isAllTest; label++)
        {
            if (!parts.Where((p, i) => p == SplitPart.Train && listing.Files[i].Label == label).Any())
                throw new DatasetException(
                    $"{Path.Combine(listing.PartFolders[0], listing.ClassNames[label])} has no picture to train on. Add some, or delete " +
                    $"the folder.");
        }
        if (!parts.Contains(SplitPart.Test))
            throw new DatasetException(
                $"{listing.Root} has no picture to test on: of its {scan.Files.Count} pictures, no good one is in a test folder, and no " +
                $"class has two. Add some.");
        List<string> remarks = [.. FolderRemarks.Of(scan, skipped, parts, isAllTest)];
        if (options.Trained is { } trained)
            remarks.AddRange(LeaveOut(scan, parts, trained));

        FolderDataset SetOf(SplitPart part, string words) => Create($"{NameOf(listing)} {words}", scan, parts, part, options);
        FolderDataset test = SetOf(SplitPart.Test, "test");
        // Of a set that is only tested on, nothing else is needed.
        FolderDataset train = isAllTest || (options.TestsAll && !parts.Contains(SplitPart.Train)) ? test : SetOf(SplitPart.Train, "train");
        return new(InfoOf(listing, train.Size, train.Count, test.Count), train, test, listing.Root)
        {
            Validation = parts.Contains(SplitPart.Validation) ? SetOf(SplitPart.Validation, "validation") : null,
            Remarks = remarks,
            Skipped = skipped,
        };
    }

    /// <summary>Whether drawing the splits gives those that a run recorded.</summary>
    private static bool IsAsRecorded(FolderScan scan, string[] skipped, DatasetOptions options, RecordedPart recorded)
    {
        try
        {
            return recorded.Pictures.AreOf(recorded.Draw(Assemble(scan, skipped, options)));
        }
        catch (DatasetException)
        {
            return false; // The folder has changed so much that it can't be divided.
        }
    }

    /// <summary>One split as a run recorded it: added pictures have no part in it, and moved ones keep theirs.</summary>
    private static LoadedData Restore(FolderScan scan, string[] skipped, DatasetOptions options, RecordedPart recorded)
    {
        HashSet<UInt128> missing = [.. recorded.Pictures.Of(recorded.Part)];
        SplitPart?[] parts =
            [.. scan.Files.Select(f => f.Problem is null && missing.Contains(f.Digest) ? recorded.Part : (SplitPart?)null)];
        int count = missing.Count;
        missing.ExceptWith(scan.Files.Where(f => f.Problem is null).Select(f => f.Digest));
        string name = recorded.Part.ToString().ToLowerInvariant();
        if (missing.Count == count)
            throw new DatasetException(string.Create(CultureInfo.InvariantCulture,
                $"{scan.Listing.Root} has none of the {count:N0} pictures of the run's {name} split. Put them back, or evaluate another ") +
                "split.");
        List<string> remarks = [.. FolderRemarks.Of(scan, skipped, parts, isAllTest: true)];
        remarks.Add(missing.Count == 0 ? $"The folder has changed since the run: the {name} split has the pictures that the run recorded."
            : string.Create(CultureInfo.InvariantCulture,
                $"{missing.Count:N0} of the {count:N0} pictures of the run's {name} split ") +
                $"{(missing.Count == 1 ? "is" : "are")} no longer in the folder.");
        FolderDataset set = Create($"{NameOf(scan.Listing)} {name}", scan, parts, recorded.Part, options);
        return new(InfoOf(scan.Listing, set.Size, set.Count, set.Count), set, set, scan.Listing.Root)
        {
            Validation = recorded.Part == SplitPart.Validation ? set : null,
            IsRestored = true,
            Remarks = remarks,
            Skipped = skipped,
        };
    }

    /// <summary>Removes the pictures that a run was trained on from the test split.</summary>
    private static IEnumerable<string> LeaveOut(FolderScan scan, SplitPart?[] parts, TrainedPictures trained)
    {
        int[] tested = [.. Enumerable.Range(0, parts.Length).Where(i => parts[i] == SplitPart.Test)];
        int[] seen = [.. tested.Where(i => trained.Contains(scan.Files[i].Digest))];
        string counts = string.Create(CultureInfo.InvariantCulture, $"{seen.Length:N0} of {tested.Length:N0} pictures");
        if (seen.Length == tested.Length)
            throw new DatasetException(
                $"{counts} of {scan.Listing.Root} were trained on or chose the best epoch, so nothing is left to test on. Evaluate the " +
                $"training or validation split, or use other pictures.")
            { Remedy = Remedy.Split };
        foreach (int i in seen)
            parts[i] = null;
        return seen.Length == 0 ? [] : [$"{counts} were trained on or chose the best epoch, and are left out of the test."];
    }

    private static FolderListing ListingOf(string name, IReadOnlyList<string>? classNames = null) =>
        FolderListing.Of(PathOf(name), classNames);

    private static string PathOf(string name) => name.Length > Prefix.Length ? HomePath.Expand(name[Prefix.Length..])
        : throw new DatasetException(
        $"Expected {Prefix} and the path of a folder with one folder per class, got \"{name}\".");

    private static string NameOf(FolderListing listing) => Prefix + listing.Root;

    private static DatasetInfo InfoOf(FolderListing listing, ImageSize? size, int trainCount, int testCount) =>
        new(NameOf(listing), "Pictures of your own.", size, listing.ClassNames, trainCount, testCount);

    private static ImageSize SizeOf(FolderScan scan, int i, int channels) =>
        new(channels, scan.Files[i].Info.Height, scan.Files[i].Info.Width);

    /// <summary>What is wrong with each bad file, if there may be any.</summary>
    private static string[] Skipped(FolderScan scan, bool isAllowed)
    {
        string[] bad = [.. scan.Files.Where(f => f.Problem is not null).Select(f => f.Problem!)];
        if (bad.Length == 0 || isAllowed)
            return bad;
        string name = NameOf(scan.Listing);
        throw new DatasetException(
            string.Create(CultureInfo.InvariantCulture, $"{bad.Length:N0} of {scan.Files.Count:N0} pictures of {name} cannot be used. ")
            + $"The first: {bad[0]} To list them all, run `{ProgramName.Current} data verify {Format.Quoted(name)}`; they can be skipped.")
        { Remedy = Remedy.SkipBad };
    }

    /// <summary>The split of each file; null for a bad one.</summary>
    private static SplitPart?[] PartsOf(FolderScan scan)
    {
        FolderListing listing = scan.Listing;
        SplitPart?[] parts = [.. listing.Files.Select((f, i) => scan.Files[i].Problem is null ? f.Part : (SplitPart?)null)];
        if (listing.PartFolders[(int)SplitPart.Test].Length > 0)
            return parts;
        if (listing.PartFolders[(int)SplitPart.Validation].Length > 0)
            return Array.ConvertAll(parts, part => part == SplitPart.Validation ? SplitPart.Test : part);
        foreach (var members in Enumerable.Range(0, parts.Length).Where(i => parts[i] is not null).GroupBy(i => listing.Files[i].Label))
        {
            int[] order = [.. members.OrderBy(i => scan.Files[i].Digest)];
            int count = Math.Min(Math.Max(1, (int)Math.Round(order.Length * TestShare)), order.Length - 1);
            while (count > 0 && count < order.Length && scan.Files[order[count]].Digest == scan.Files[order[count - 1]].Digest)
                count++;
            if (count == order.Length)
                count = 0; // all the same: nothing to test with
            foreach (int i in order.AsSpan(0, count))
                parts[i] = SplitPart.Test;
        }
        return parts;
    }

    private static FolderDataset Create(string name, FolderScan scan, SplitPart?[] parts, SplitPart part, DatasetOptions options)
    {
        FolderListing listing = scan.Listing;
        ImageSize[] sizes = [.. Enumerable.Range(0, parts.Length).Where(i => parts[i] is not null).Select(i => SizeOf(scan, i, 1))];
        bool isUniform = sizes.All(size => size == sizes[0]);
        int channels = options.Channels ?? (scan.Files.All(f => f.Problem is not null || f.Info.Channels == 1) ? 1 : 3);
        int[] seen = new int[listing.ClassNames.Count];
        int[] order = [.. Enumerable.Range(0, parts.Length).Where(i => parts[i] == part)
            .Select(i => (Index: i, Turn: seen[listing.Files[i].Label]++, listing.Files[i].Label)).OrderBy(x => x.Turn).ThenBy(x => x.Label)
            .Select(x => x.Index)];
        FolderImage[] images = [.. order.Select(i => new FolderImage(listing.Files[i].Path, SizeOf(scan, i, channels),
            Repeated(scan.Files[i].Moments!, channels),
            scan.HasPixels ? Repeated(scan.Files[i].Pixels!, channels, SizeOf(scan, i, 1).Length) : null, scan.Files[i].Digest))];
        return new(name, channels, isUniform ? images[0].Size : null, images, [.. order.Select(i => listing.Files[i].Label)],
            listing.ClassNames, options);
    }

    /// <summary>Grayscale converted to color, like the others in the data set.</summary>
    private static T[] Repeated<T>(T[] planes, int channels, int plane = 1) =>
        planes.Length == channels * plane ? planes : [.. Enumerable.Repeat(planes, channels).SelectMany(p => p)];
}
