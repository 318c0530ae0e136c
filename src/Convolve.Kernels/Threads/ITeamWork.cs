namespace Convolve.Kernels.Threads;

/// <summary>Work that the threads of the team do, in as many shares as the team has threads.</summary>
internal interface ITeamWork
{
    /// <summary>Does one share; any thread of the team may do it, and one may do several.</summary>
    /// <param name="thread">The share, from 0.</param>
    /// <param name="threads">How many there are: the size of the team.</param>
    void Run(int thread, int threads);
}
