using System.Runtime.InteropServices;

namespace Convolve.OneDnn;

/// <summary>GNU OpenMP, names and order of the arguments as in its headers.</summary>
internal static unsafe partial class OpenMp
{
    internal const string Library = "gomp";

    [LibraryImport(Library)]
    internal static partial void omp_set_num_threads(int threads);

    [LibraryImport(Library)]
    internal static partial int omp_get_max_threads();

    [LibraryImport(Library)]
    internal static partial int omp_get_thread_num();

    [LibraryImport(Library)]
    internal static partial int omp_get_num_threads();

    [LibraryImport(Library)]
    internal static partial void GOMP_parallel(delegate* unmanaged<nint, void> body, nint data, uint threads, uint flags);
}
