using System.Globalization;

namespace Convolve.Data.Folders;

/// <summary>
/// What whoever trains on a folder of pictures, or evaluates, has to know of it: what was left out, and what makes figures look better than
/// they are.
/// </summary>
internal static class FolderRemarks
{
    /// <summary>In sentences.</summary>
    public static IEnumerable<string> Of(FolderScan scan, string[] skipped, SplitPart?[] parts, bool isAllTest)
    {
        FolderListing listing = scan.Listing;
        foreach (string problem in skipped)
            yield return $"Left out: {problem}";
        if (skipped.Length > 0)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{skipped.Length:N0} of {scan.Files.Count:N0} pictures are left out.");
        if (Unread(listing) is { } unread)
            yield return unread;
        if (!isAllTest && listing.IsDivided && listing.PartFolders[(int)SplitPart.Test].Length == 0)
        {
            yield return listing.PartFolders[(int)SplitPart.Validation] is { Length: > 0 } validation
                ? $"There is no test folder: {validation} is the test split, and the validation split is drawn from train."
                : "There is no test folder: a tenth of train is the test split.";
        }
        ImageFolderFinding[] shared = [.. FolderReporter.Shared(scan, parts)];
        string verify = $"`{ProgramName.Current} data verify {Format.Quoted("folder:" + listing.Root)}` lists them.";
        if (shared.Count(f => f.Kind == ImageFolderFindingKind.Leak) is > 0 and int leaks)
            yield return $"{(leaks == 1 ? "One picture is" : $"{leaks} pictures are")} in two splits, so the test uses training " +
                $"pictures: {verify}";
        if (shared.Count(f => f.Kind == ImageFolderFindingKind.TwoLabels) is > 0 and int doubtful)
            yield return $"{(doubtful == 1 ? "One picture is" : $"{doubtful} pictures are")} in two classes: {verify}";
        foreach (ImageFolderFinding finding in listing.Findings.Where(IsRemarkable).Take(ForeignText.MostNames))
            yield return finding.Message;
        string[] untested = [.. Enumerable.Range(0, listing.ClassNames.Count)
            .Where(label => !parts.Where((p, i) => p == SplitPart.Test && listing.Files[i].Label == label).Any())
            .Select(label => listing.ClassNames[label])];
        if (untested.Length > 0 && untested.Length < listing.ClassNames.Count)
            yield return $"Not tested, because the test split has no picture of {(untested.Length == 1 ? "it" : "them")}: " +
                $"{ForeignText.Listed(untested)}.";
    }

    // Links that only lead back, and what lies beside the class folders, lose no picture; classes that are not tested come in one line.
    private static bool IsRemarkable(ImageFolderFinding finding) => finding.Kind switch
    {
        ImageFolderFindingKind.UnknownClass or ImageFolderFindingKind.Leak or ImageFolderFindingKind.TwoLabels
            or ImageFolderFindingKind.Layout => true,
        ImageFolderFindingKind.Stray => Directory.Exists(finding.Path) || FolderListing.IsPicture(finding.Path),
        _ => false,
    };

    private static string? Unread(FolderListing listing)
    {
        if (listing.Unread.Count == 0)
            return null;
        string[] kinds = [.. listing.Unread.GroupBy(f => Path.GetExtension(f).ToLowerInvariant()).OrderByDescending(g => g.Count())
            .ThenBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => string.Create(CultureInfo.InvariantCulture,
            $"{g.Count():N0} {(g.Key.Length > 0 ? ForeignText.Of(g.Key, 20) : "without an extension")}"))];
        return string.Create(CultureInfo.InvariantCulture,
            $"{listing.Unread.Count:N0} {(listing.Unread.Count == 1 ? "file is" : "files are")} left out, because only JPEG, PNG, WebP, " +
            $"BMP and GIF are read: {ForeignText.Listed(kinds)}.")
            + (listing.Unread.Any(FolderListing.IsTiff) ? " TIFF isn't supported: convert these files to PNG." : "");
    }
}
