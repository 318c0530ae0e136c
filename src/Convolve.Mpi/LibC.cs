using System.Runtime.InteropServices;

namespace Convolve.Mpi;

/// <summary>What Linux has beside MPI.</summary>
internal static partial class LibC
{
    private const string Library = "libc";
    private const int SetParentDeathSignal = 1, SetTimerSlack = 29;

    /// <summary>SIGKILL.</summary>
    internal const int Kill = 9;

    /// <summary>SIGUSR1.</summary>
    internal const int User1 = 10;

    /// <summary>SIGTERM.</summary>
    internal const int Terminate = 15;

    /// <summary>Sets a variable for native code, which Environment.SetEnvironmentVariable does not reach.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void setenv(string name, string value, int overwrite);

    [LibraryImport(Library)]
    internal static partial void usleep(uint microseconds);

    [LibraryImport(Library)]
    internal static partial void sched_yield();

    /// <summary>Ends the process at once: nothing registered for its end runs.</summary>
    [LibraryImport(Library)]
    internal static partial void _exit(int code);

    [LibraryImport(Library)]
    internal static partial void kill(int process, int signal);

    /// <summary>This process is killed when the thread that started it ends, and so when its process is killed.</summary>
    internal static void DieWithParent() => prctl(SetParentDeathSignal, Kill, 0, 0, 0);

    /// <summary>Lets the calling thread wake up as exactly as it asks for, and not up to 50 us later.</summary>
    internal static void WakeExactly() => prctl(SetTimerSlack, 1, 0, 0, 0);

    [LibraryImport(Library)]
    private static partial void prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);
}
