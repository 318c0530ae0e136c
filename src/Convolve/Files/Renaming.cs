namespace Convolve.Files;

/// <summary>Renames over a file that may be there.</summary>
internal static class Renaming
{
    private const int Tries = 10;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// Renames a file, in place of one that has the new name. On Windows a virus scanner or an indexer opens new files for moments, in
    /// which they can't be renamed: that is tried again, for two seconds at most.
    /// </summary>
    public static void Replace(string from, string to) =>
        Try(() => File.Move(from, to, overwrite: true), OperatingSystem.IsWindows() ? Tries : 1, Thread.Sleep);

    /// <summary>Does it until the last try, with pauses that double.</summary>
    internal static void Try(Action move, int tries, Action<TimeSpan> pause)
    {
        for (int i = 1; ; i++)
        {
            try
            {
                move();
                return;
            }
            catch (Exception e) when (i < tries && (e is UnauthorizedAccessException or IOException)
                && e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
            {
                pause(FirstPause * (1 << (i - 1)));
            }
        }
    }
}
