namespace Convolve.Kernels.Threads;

/// <summary>The threads of a kernel library, which own kernels share so that cores are never given out twice.</summary>
internal interface ITeam
{
    /// <summary>From now on kernels of the library that the calling thread starts run on this many threads.</summary>
    void Resize(int threads);

    /// <summary>On how many they run now.</summary>
    int Size { get; }

    /// <summary>Runs all shares on this many threads, and returns when they are done.</summary>
    void Run(TeamTask task, int threads);
}
