using Convolve.Data.Fetching;
using Convolve.Data.Folders;

namespace Convolve.Data;

/// <summary>
/// The data sets that are known by name: what they are, where they are, how to load, download and check them. <see cref="Find"/> and
/// <see cref="Load"/> also know folders of pictures (<see cref="ImageFolder"/>).
/// </summary>
/// <remarks>
/// A data set is searched for in the folder that the options name, and nowhere else; or, if they name none, in the folder of the
/// environment variable CONVOLVE_DATA, in the cache (<see cref="CacheDirectory"/>), in the folders of the operating
/// system's packages, and last on its mirrors, into the cache. MNIST's and Fashion-MNIST's files may be plain or packed, and must be those
/// that were published. CIFAR files with the right layout but other bytes are accepted and reported. A download must have the published
/// digest.
/// </remarks>
public static class Datasets
{
    /// <summary>All known data sets.</summary>
    public static IReadOnlyList<DatasetInfo> All => DatasetCatalog.All;

    /// <summary>
    /// Where downloads go, one folder per data set: $XDG_CACHE_HOME/convolve or ~/.cache/convolve; on macOS ~/Library/Caches/convolve, on
    /// Windows %LOCALAPPDATA%\convolve\cache. It may be missing.
    /// </summary>
    public static string CacheDirectory => DatasetEnvironment.Current().CacheDirectory;

    private static DatasetStore Store => new(DatasetEnvironment.Current(), DatasetCatalog.All);

    /// <summary>
    /// Finds a data set by name, in upper or lower case, or by folder: and a path. For a folder, the counts go by file names, before
    /// anything is read or drawn.
    /// </summary>
    /// <exception cref="DatasetException">There is no such data set; the message lists the known ones.</exception>
    public static DatasetInfo Find(string name) => ImageFolder.IsName(name) ? ImageFolder.Find(name) : Store.Find(name);

    /// <summary>Loads a data set, after downloading it if needed. Blocks the calling thread; <see cref="LoadAsync"/> doesn't.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Where to look for it; default: everywhere.</param>
    /// <param name="progress">Receives what is read and downloaded, and the progress of a download
    /// (<see cref="DownloadProgress"/>).</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>. What was downloaded is kept, and the next
    /// download resumes there.</param>
    /// <exception cref="DatasetException">The name is unknown, or files are missing, damaged or another set's.</exception>
    /// <exception cref="DownloadException">No mirror has the files, or they can't be written to disk.</exception>
    /// <exception cref="Imaging.ImageLibraryException">It is a folder of pictures, and the library that decodes them can't be
    /// loaded.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static LoadedData Load(
        string name, DatasetOptions? options = null, IProgress<DataProgress>? progress = null, CancellationToken cancellation = default) =>
        ImageFolder.IsName(name) ? ImageFolder.Load(name, options ?? new(), progress, cancellation)
            : Store.Load(name, options ?? new(), progress, cancellation);

    /// <summary>Loads a set, after downloading it if need be, without blocking the calling thread.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Where to look for it; default: everywhere.</param>
    /// <param name="progress">Told, on another thread, what is read and downloaded, and how far a download is
    /// (<see cref="DownloadProgress"/>).</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>. What was downloaded is kept, and the next
    /// download resumes there.</param>
    /// <exception cref="DatasetException">The name is unknown, or files are missing, damaged or another set's.</exception>
    /// <exception cref="DownloadException">No mirror has the files, or they can't be written to disk.</exception>
    /// <exception cref="Imaging.ImageLibraryException">It is a folder of pictures, and the library that decodes them can't be
    /// loaded.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static Task<LoadedData> LoadAsync(
        string name, DatasetOptions? options = null, IProgress<DataProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        // Digests, unpacking and decoding are work for a core: none of it is the calling thread's.
        return Task.Run(() => ImageFolder.IsName(name) ? Task.FromResult(ImageFolder.Load(name, options ?? new(), progress, cancellation))
            : Store.LoadAsync(name, options ?? new(), progress, cancellation), cancellation);
    }

    /// <summary>
    /// Downloads the missing or damaged files of a data set into the options' folder, or else the cache. Does nothing if the set is found
    /// complete. An archive of the set in one of its places is unpacked instead of downloading one. A second process that downloads into
    /// the same folder waits for the first.
    /// </summary>
    /// <returns>Where it is now.</returns>
    /// <exception cref="DatasetException">The name is unknown, or an archive found there is not the published one.</exception>
    /// <exception cref="DownloadException">No mirror has the files, or they can't be written to disk.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    internal static DatasetLocation Fetch(
        string name, DatasetOptions? options = null, IProgress<DataProgress>? progress = null, CancellationToken cancellation = default) =>
        ImageFolder.IsName(name) ? throw NothingToFetch(name) : Store.Fetch(name, options ?? new(), progress, cancellation);

    /// <inheritdoc cref="Fetch"/>
    /// <remarks>The calling thread isn't blocked; progress is reported on another one.</remarks>
    internal static Task<DatasetLocation> FetchAsync(
        string name, DatasetOptions? options = null, IProgress<DataProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => ImageFolder.IsName(name) ? throw NothingToFetch(name)
            : Store.FetchAsync(name, options ?? new(), progress, cancellation), cancellation);

    /// <summary>Finds a data set by the names of its files alone: nothing is read or downloaded.</summary>
    /// <exception cref="DatasetException">The name is unknown.</exception>
    internal static DatasetLocation Locate(string name, DatasetOptions? options = null) => Store.Locate(Store.Find(name), options ?? new());

    /// <summary>Checks each file of a data set. A bad or missing file is a line of the report, not an exception.</summary>
    /// <exception cref="DatasetException">The name is unknown.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    internal static DatasetReport Verify(string name, DatasetOptions? options = null, CancellationToken cancellation = default) =>
        Store.Verify(name, options ?? new(), cancellation);

    private static DatasetException NothingToFetch(string name) => new($"{name} is a folder of your own pictures: there is nothing to " +
        $"download.");
}
