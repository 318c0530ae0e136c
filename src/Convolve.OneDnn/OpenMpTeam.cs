using System.Runtime.InteropServices;
using Convolve.Kernels.Threads;

namespace Convolve.OneDnn;

/// <summary>The threads that oneDNN runs on.</summary>
internal sealed unsafe class OpenMpTeam : ITeam
{
    public int Size => OpenMp.omp_get_max_threads();

    public void Resize(int threads) => OpenMp.omp_set_num_threads(threads);

    public void Run(TeamTask task, int threads) => OpenMp.GOMP_parallel(&Enter, task.Handle, (uint)threads, 0);

    // The library may give fewer threads than were asked for.
    [UnmanagedCallersOnly]
    private static void Enter(nint task) => TeamTask.RunShares(task, OpenMp.omp_get_thread_num(), OpenMp.omp_get_num_threads());
}
