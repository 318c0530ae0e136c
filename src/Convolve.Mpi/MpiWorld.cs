using System.Runtime.CompilerServices;
using System.Text;

namespace Convolve.Mpi;

/// <summary>All ranks of a run, as the thread that initialized MPI sees them. Only that thread may use it.</summary>
internal sealed unsafe class MpiWorld
{
    /// <summary>Initializes MPI.</summary>
    /// <exception cref="MpiException">Open MPI is not installed, or a call fails.</exception>
    public MpiWorld()
    {
        MpiSymbols symbols = MpiLibrary.Symbols();
        (Comm, Byte, Float) = (symbols.World, symbols.Byte, symbols.Float);
        Integer = symbols.Int;
        int provided, rank, size;
        Check(Mpi.MPI_Init_thread(null, null, Mpi.ThreadFunneled, &provided));
        Check(Mpi.MPI_Comm_set_errhandler(Comm, symbols.ErrorsReturn));
        Check(Mpi.MPI_Comm_rank(Comm, &rank));
        Check(Mpi.MPI_Comm_size(Comm, &size));
        (Rank, Ranks) = (rank, size);
        if (provided < Mpi.ThreadFunneled)
            throw new MpiException($"Rank {rank}: this Open MPI serves programs of one thread alone. Use one that was built with threads.");
        byte* text = stackalloc byte[Mpi.MaxText];
        int length;
        Check(Mpi.MPI_Get_library_version(text, &length));
        Version = Encoding.UTF8.GetString(text, length).TrimEnd('\0').Split(',')[0];
    }

    public int Rank { get; }

    public int Ranks { get; }

    /// <summary>Such as "Open MPI v4.1.4".</summary>
    public string Version { get; }

    /// <summary>MPI_COMM_WORLD.</summary>
    public nint Comm { get; }

    /// <summary>MPI_BYTE.</summary>
    public nint Byte { get; }

    /// <summary>MPI_INT.</summary>
    public nint Integer { get; }

    /// <summary>MPI_FLOAT.</summary>
    public nint Float { get; }

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
