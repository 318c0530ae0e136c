using Convolve.Kernels.Machines;

namespace Convolve.Mpi;

/// <summary>What an mpirun says it is.</summary>
internal static class MpirunVersion
{
    /// <summary>Such as "mpirun (Open MPI) 4.1.4"; empty where it doesn't run.</summary>
    public static string Read(string path) => SystemProgram.Output(path, "--version").Split('\n')[0].Trim();
}
