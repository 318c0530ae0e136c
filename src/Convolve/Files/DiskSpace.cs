namespace Convolve.Files;

/// <summary>How much can be written where.</summary>
internal static class DiskSpace
{
    /// <summary>
    /// Bytes that this user may still write below a folder, which need not exist yet; null where the system does not say.
    /// </summary>
    /// <param name="path">The folder's full path.</param>
    public static long? AvailableBytes(string path)
    {
        string? folder = path;
        while (folder is not null && !Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder);
        try
        {
            return folder is null ? null : new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)!
                : folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
