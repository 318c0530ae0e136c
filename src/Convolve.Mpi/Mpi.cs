using System.Runtime.InteropServices;

namespace Convolve.Mpi;

/// <summary>MPI as Open MPI exports it, names and order of the arguments as in mpi.h.</summary>
/// <remarks>
/// Every function returns a code, 0 for success. Communicators, data types and requests are addresses: of exported data, as
/// <see cref="MpiSymbols"/> finds them, or of what Open MPI allocated.
/// </remarks>
internal static unsafe partial class Mpi
{
    internal const string Library = "mpi";

    /// <summary>MPI_THREAD_FUNNELED: only the thread that initializes MPI calls it.</summary>
    internal const int ThreadFunneled = 1;

    /// <summary>Room for the texts that MPI writes: errors, versions, names of hosts.</summary>
    internal const int MaxText = 256;

    [LibraryImport(Library)]
    internal static partial int MPI_Init_thread(int* argc, byte*** argv, int required, int* provided);

    [LibraryImport(Library)]
    internal static partial int MPI_Finalize();

    [LibraryImport(Library)]
    internal static partial int MPI_Abort(nint comm, int code);

    [LibraryImport(Library)]
    internal static partial int MPI_Comm_rank(nint comm, int* rank);

    [LibraryImport(Library)]
    internal static partial int MPI_Comm_size(nint comm, int* size);

    [LibraryImport(Library)]
    internal static partial int MPI_Comm_set_errhandler(nint comm, nint handler);

    [LibraryImport(Library)]
    internal static partial int MPI_Error_string(int code, byte* text, int* length);

    [LibraryImport(Library)]
    internal static partial int MPI_Get_library_version(byte* text, int* length);

    [LibraryImport(Library)]
    internal static partial int MPI_Isend(void* buffer, int count, nint type, int destination, int tag, nint comm, nint* request);

    [LibraryImport(Library)]
    internal static partial int MPI_Irecv(void* buffer, int count, nint type, int source, int tag, nint comm, nint* request);

    /// <param name="count">Of the requests.</param>
    /// <param name="requests">Those that are done become MPI_REQUEST_NULL once all are.</param>
    /// <param name="flag">1 once all are done.</param>
    /// <param name="statuses">0 is MPI_STATUSES_IGNORE.</param>
    [LibraryImport(Library)]
    internal static partial int MPI_Testall(int count, nint* requests, int* flag, nint statuses);

    [LibraryImport(Library)]
    internal static partial int MPI_Test(nint* request, int* flag, nint status);

    [LibraryImport(Library)]
    internal static partial int MPI_Cancel(nint* request);

    [LibraryImport(Library)]
    internal static partial int MPI_Wait(nint* request, nint status);

    [LibraryImport(Library)]
    internal static partial int MPI_Ibarrier(nint comm, nint* request);

    [LibraryImport(Library)]
    internal static partial int MPI_Ibcast(void* buffer, int count, nint type, int root, nint comm, nint* request);

    [LibraryImport(Library)]
    internal static partial int MPI_Iallgather(
        void* sent, int sentCount, nint sentType, void* received, int receivedCount, nint receivedType, nint comm, nint* request);

    [LibraryImport(Library)]
    internal static partial int MPI_Iallgatherv(
        void* sent, int sentCount, nint sentType, void* received, int* receivedCounts, int* displacements, nint receivedType, nint comm,
        nint* request);

    /// <summary>Open MPI 5 alone: all that is under way in a communicator fails on every rank, as does all that is begun.</summary>
    [LibraryImport(Library)]
    internal static partial int MPIX_Comm_revoke(nint comm);

    /// <summary>Open MPI 5 alone: makes a communicator of the ranks that are left, in their order, even of a revoked one.</summary>
    [LibraryImport(Library)]
    internal static partial int MPIX_Comm_shrink(nint comm, nint* shrunk);
}
