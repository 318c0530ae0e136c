using System.Runtime.CompilerServices;
using System.Text;

namespace Convolve.Mpi;

/// <summary>All ranks of a run, as the thread that initialized MPI sees them. Only that thread may use it.</summary>
internal sealed unsafe class MpiWorld
{
    private readonly nint _errorsReturn;

    /// <summary>Initializes MPI.</summary>
    /// <exception cref="MpiException">Open MPI is not installed, or a call fails.</exception>
    public MpiWorld()
    {
        MpiSymbols symbols = MpiLibrary.Symbols();
        (Comm, Byte, Float) = (symbols.World, symbols.Byte, symbols.Float);
        Integer = symbols.Int;
        _errorsReturn = symbols.ErrorsReturn;
        int provided;
        Check(Mpi.MPI_Init_thread(null, null, Mpi.ThreadFunneled, &provided));
        Use(Comm);
        if (provided < Mpi.ThreadFunneled)
            throw new MpiException($"Rank {Rank}: this Open MPI serves programs of one thread alone. Use one that was built with threads.");
        byte* text = stackalloc byte[Mpi.MaxText];
        int length;
        Check(Mpi.MPI_Get_library_version(text, &length));
        Version = Encoding.UTF8.GetString(text, length).TrimEnd('\0').Split(',')[0];
    }

    public int Rank { get; private set; }

    public int Ranks { get; private set; }

    /// <summary>Such as "Open MPI v4.1.4".</summary>
    public string Version { get; }

    /// <summary>MPI_COMM_WORLD, or what is left of it.</summary>
    public nint Comm { get; private set; }

    /// <summary>MPI_BYTE.</summary>
    public nint Byte { get; }

    /// <summary>MPI_INT.</summary>
    public nint Integer { get; }

    /// <summary>MPI_FLOAT.</summary>
    public nint Float { get; }

    /// <summary>Bytes of gradients and activations that were sent so far.</summary>
    public long SentBytes { get; set; }

    /// <summary>Whether ranks were lost.</summary>
    public bool IsShrunk { get; private set; }

    /// <summary>Ends everything that is under way, on every rank, because one was lost.</summary>
    public void Revoke() => Check(Mpi.MPIX_Comm_revoke(Comm));

    /// <summary>Goes on with the ranks that are left; every one of them comes here.</summary>
    public void Shrink()
    {
        nint left;
        Check(Mpi.MPIX_Comm_shrink(Comm, &left));
        Use(left);
        IsShrunk = true;
    }

    /// <summary>Waits for a request of a revoked communicator: its memory is free after that.</summary>
    public static void Await(nint* request)
    {
        int flag = 0;
        while (Mpi.MPI_Test(request, &flag, 0) == 0 && flag == 0)
            LibC.usleep(50);
    }

    private void Use(nint comm)
    {
        int rank, size;
        Check(Mpi.MPI_Comm_set_errhandler(comm, _errorsReturn));
        Check(Mpi.MPI_Comm_rank(comm, &rank));
        Check(Mpi.MPI_Comm_size(comm, &size));
        (Comm, Rank, Ranks) = (comm, rank, size);
    }

    /// <summary>Whether all of these requests are done.</summary>
    public bool Test(nint* requests, int count)
    {
        int flag;
        Check(Mpi.MPI_Testall(count, requests, &flag, 0));
        return flag != 0;
    }

    /// <summary>Turns the code of a call into an exception where it isn't success.</summary>
    /// <exception cref="MpiException">It isn't.</exception>
    public void Check(int code, [CallerArgumentExpression(nameof(code))] string call = "")
    {
        if (code != 0)
            throw new MpiException($"Rank {Rank} of {Ranks} ({Environment.MachineName}): {NameOf(call)} failed: {TextOf(code)}.");
    }

    private static string NameOf(string call) => call[(call.IndexOf('.', StringComparison.Ordinal) + 1)..].Split('(')[0];

    private static string TextOf(int code)
    {
        byte* text = stackalloc byte[Mpi.MaxText];
        int length;
        return Mpi.MPI_Error_string(code, text, &length) == 0 ? Encoding.UTF8.GetString(text, length).TrimEnd('.')
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"error {code}");
    }
}
