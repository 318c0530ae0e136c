using System.Globalization;
using static Convolve.Data.Folders.ImageFolderFindingKind;

namespace Convolve.Data.Folders;

/// <summary>What a scanned folder comes to, in words.</summary>
internal static class FolderReporter
{
    /// <summary>The ratio of two classes' pictures from which an imbalance is reported.</summary>
    private const int Imbalanced = 5;

    public static ImageFolderReport Report(string name, FolderScan scan, SplitPart?[] parts)
    {
        FolderListing listing = scan.Listing;
        List<ImageFolderFinding> findings = [.. listing.Findings];
        for (int i = 0; i < scan.Files.Count; i++)
            if (scan.Files[i].Problem is { } problem)
                findings.Add(new(BadFile, listing.Files[i].Path, problem));
        findings.AddRange(Shared(scan, parts));
        List<ImageFolderPart> found = [];
        for (SplitPart part = SplitPart.Train; part <= SplitPart.Test; part++)
        {
            if (!parts.Contains(part))
                continue;
            ImageFolderPart one = PartOf(scan, parts, part);
            found.Add(one);
            for (int label = 0; label < one.CountsByClass.Count; label++)
                if (one.CountsByClass[label] == 0 && listing.Files.Any(f => f.Label == label && f.Part == part))
                    findings.Add(new(part == SplitPart.Train ? EmptyClass : UntestedClass, one.Directory,
                        $"{one.Directory} has no good picture of {listing.ClassNames[label]}. Repair them, or add some."));
        }
        if (found.FirstOrDefault(p => p.Name == FolderListing.NameOf(SplitPart.Train)) is { } train)
            findings.AddRange(Imbalances(listing, train));
        return new(name, listing.Root, listing.ClassNames, found,
            [.. findings.OrderBy(f => f.Kind).ThenBy(f => f.Path, NaturalOrder.Instance)]);
    }

    /// <summary>Files of the same bytes: one finding for each set of them.</summary>
    public static IEnumerable<ImageFolderFinding> Shared(FolderScan scan, SplitPart?[] parts)
    {
        IReadOnlyList<FolderFile> files = scan.Listing.Files;
        foreach (int[] same in Enumerable.Range(0, parts.Length).Where(i => parts[i] is not null).GroupBy(i => scan.Files[i].Digest)
                     .Select(g => g.ToArray()).Where(g => g.Length > 1))
        {
            string first = files[same[0]].Path, others = string.Join(", ", same.Skip(1).Select(i => files[i].Path));
            if (same.Select(i => files[i].Label).Distinct().Count() > 1)
                yield return new(TwoLabels, first,
                    $"{first} is identical to {others}: one picture has several labels. Keep the right one.");
            if (same.Select(i => parts[i]).Distinct().Count() > 1)
                yield return new(Leak, first,
                    $"{first} is identical to {others}: the test would use training pictures. Keep it in one split.");
            else if (same.Select(i => files[i].Label).Distinct().Count() == 1)
                yield return new(Repeated, first, $"{first} is identical to {others}.");
        }
    }

    private static ImageFolderPart PartOf(FolderScan scan, SplitPart?[] parts, SplitPart part)
    {
        FolderListing listing = scan.Listing;
        int[] counts = new int[listing.ClassNames.Count];
        (long bytes, ImageSize smallest, ImageSize largest) = (0, default, default);
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i] != part)
                continue;
            ScannedFile file = scan.Files[i];
            ImageSize size = new(file.Info.Channels, file.Info.Height, file.Info.Width);
            counts[listing.Files[i].Label]++;
            bytes += file.Bytes;
            if (smallest == default || size.PixelCount < smallest.PixelCount)
                smallest = size;
            if (largest == default || size.PixelCount > largest.PixelCount)
                largest = size;
        }
        string folder = listing.PartFolders[(int)part] is { Length: > 0 } own ? own
            : listing.PartFolders[(int)SplitPart.Validation] is { Length: > 0 } validation ? validation : listing.PartFolders[0];
        return new(FolderListing.NameOf(part), folder, counts, bytes, smallest, largest);
    }

    private static IEnumerable<ImageFolderFinding> Imbalances(FolderListing listing, ImageFolderPart train)
    {
        var counts = train.CountsByClass.Select((count, label) => (Count: count, Name: listing.ClassNames[label])).Where(c => c.Count > 0)
            .ToList();
        (int most, string large) = counts.MaxBy(c => c.Count);
        (int fewest, string small) = counts.MinBy(c => c.Count);
        if (most >= Imbalanced * fewest)
            yield return new(Imbalance, train.Directory, string.Create(CultureInfo.InvariantCulture,
                $"{train.Directory} has {most:N0} pictures of {large} and {fewest:N0} of {small}: accuracy says little about " +
                $"{small}, and training sees little of it. Balanced class weights give every class the same weight."));
    }
}
