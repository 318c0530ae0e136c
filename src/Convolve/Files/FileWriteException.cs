namespace Convolve.Files;

/// <summary>A file could not be written or deleted; the message says which one, what failed and how to fix it.</summary>
internal sealed class FileWriteException : IOException
{
    private FileWriteException(string verb, string path, string reason, string fix, Exception inner)
        : base($"Cannot {verb} '{path}': {reason}. {fix}", inner)
    {
        FilePath = path;
        HResult = inner.HResult;
    }

    /// <summary>The file that could not be written or deleted, as the caller named it.</summary>
    public string FilePath { get; }

    /// <summary>Puts the system's failure into words.</summary>
    internal static FileWriteException From(FileStep step, string path, Exception failure)
    {
        string folder = $"'{Path.GetDirectoryName(Path.GetFullPath(path)) ?? path}'";
        (string reason, string fix) = failure switch
        {
            // The errno values of Linux and macOS, and the codes of Windows, for what deserves specific advice.
            { HResult: 28 or unchecked((int)0x80070070) or unchecked((int)0x80070027) } =>
                ("disk full", $"Free space on the disk of {folder}, or write to another disk."),
            { HResult: 122 or 69 or unchecked((int)0x8007050F) } =>
                ("disk quota used up", $"Delete files of this user on the disk of {folder}, or write to another disk."),
            { HResult: 30 or unchecked((int)0x80070013) } =>
                ("its file system is read-only", "Choose a folder on another disk, or mount this one for writing."),
            { HResult: unchecked((int)0x80070020) or unchecked((int)0x80070021) } =>
                ("another program has it open", "Close that program, or choose another name."),
            { HResult: 20 } => BelowFile(folder),
            { HResult: 5 } => ("the disk reported an error", "Check the disk, and write to another one."),
            _ when step is FileStep.Create or FileStep.Rename
            && Directory.Exists(path) => ("a folder has this name", "Choose another name, or remove the folder."),
            DirectoryNotFoundException when IsBelowFile(path) => BelowFile(folder),
            DirectoryNotFoundException or FileNotFoundException =>
                ($"the folder {folder} does not exist", "Create the folder, or choose another one."),
            UnauthorizedAccessException =>
                ("permission denied", $"Make the file and its folder {folder} writable for this user, or choose another folder."),
            PathTooLongException => ("its name is too long", "Choose a shorter name."),
            ArgumentOutOfRangeException =>
                ("it is larger than its file system or this user's limit allows", "Write to another disk, or raise the limit."),
            _ => (failure.Message.TrimEnd('.'), $"Check the folder {folder}, or choose another one."),
        };
        return new FileWriteException(step == FileStep.Delete ? "delete" : "write", path, reason, fix, failure);
    }

    private static (string Reason, string Fix) BelowFile(string folder) =>
        ($"a part of {folder} is a file, not a folder", "Choose another folder.");

    private static bool IsBelowFile(string path) =>
        Path.GetDirectoryName(Path.GetFullPath(path)) is { } above && (File.Exists(above) || IsBelowFile(above));
}
