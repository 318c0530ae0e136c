using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Formats;
#if KERAS
using Convolve.Keras;
#endif

namespace Convolve.Cli.Options;

/// <summary>A file of Keras on the command line. The build that is compiled ahead of time can't read HDF5 (docs/import.md).</summary>
internal static class KerasFile
{
    private static readonly byte[] Signature = [0x89, (byte)'H', (byte)'D', (byte)'F'];

    /// <summary>Whether a file begins as Keras's do: HDF5, or an archive named .keras.</summary>
    public static bool IsLikely(string path)
    {
        if (Path.GetExtension(path).Equals(".keras", StringComparison.OrdinalIgnoreCase))
            return true;
        byte[] head = new byte[Signature.Length];
        try
        {
            using FileStream file = File.OpenRead(path);
            return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.AsSpan().SequenceEqual(Signature);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // whoever opens it says why
        }
    }

    /// <exception cref="DatasetException">It can't be read.</exception>
    /// <exception cref="UsageException">This build can't read such files.</exception>
#if KERAS
    public static IWeightFile Open(string path) => KerasWeightFile.Open(path);
#else
    public static IWeightFile Open(string path) => throw new UsageException(
        $"{path} is a file of Keras, and this build of convolve, compiled ahead of time, can't read HDF5. Use the .NET tool (`dotnet " +
        $"tool install Convolve.Tool`), or save the weights in Keras as safetensors.");
#endif
}
