using Convolve.Kernels.Machines;

namespace Convolve.Mpi;

/// <summary>What an mpirun says it is.</summary>
internal static class MpirunVersion
{
    /// <summary>Such as "mpirun (Open MPI) 4.1.4"; empty where it doesn't run.</summary>
    /// <param name="path">Of the program.</param>
    /// <param name="option">What asks it.</param>
    public static string Read(string path, string option) => SystemProgram.Output(path, option).Split('\n')[0].Trim();
}
