using System.Runtime.InteropServices;

namespace Convolve.Files;

/// <summary>
/// Makes a rename last through a power cut: on Linux and macOS a folder's entries reach the disk only when the folder itself is synced,
/// which .NET has no call for.
/// </summary>
internal static class FolderSync
{
    private const int ReadOnly = 0, PermissionDenied = 13, InvalidArgument = 22, Interrupted = 4;

    /// <summary>Flushes a folder's entries to the disk. Does nothing on Windows, where the file system's journal keeps
    /// renames.</summary>
    /// <exception cref="IOException">The disk refuses; HResult is the errno, as for the runtime's own exceptions.</exception>
    public static void Sync(string folder)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
            return;
        int descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            // A folder may be writable without being readable; it cannot be synced then, and the write is as good as it gets.
            if (Marshal.GetLastPInvokeError() != PermissionDenied)
                throw LastError();
            return;
        }
        try
        {
            while (Fsync(descriptor) != 0)
            {
                // Some network and user-space file systems have no sync for folders, and say so with EINVAL or ENOTSUP.
                int error = Marshal.GetLastPInvokeError();
                if (error == InvalidArgument || error == (OperatingSystem.IsLinux() ? 95 : 45))
                    return;
                if (error != Interrupted)
                    throw LastError();
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException LastError()
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException(Marshal.GetPInvokeErrorMessage(error), error);
    }

#pragma warning disable SYSLIB1054 // what LibraryImport generates is unsafe code, which this project does without
    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
#pragma warning restore SYSLIB1054
}
