using System.Security.Cryptography;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Inference;
using Convolve.Kernels.Threads;
using Convolve.Weights;

namespace Convolve.Training;

/// <summary>
/// What a network took from the weights of another one: all parameters whose name and shape it has too. The others start as they would
/// without.
/// </summary>
/// <param name="Path">Where from.</param>
/// <param name="Taken">Parameters that were loaded, by name.</param>
/// <param name="Skipped">Parameters of the network that were not loaded, each with the reason: "fc3.weight: [100, 4096] there, [10, 4096]
/// here".</param>
/// <param name="Unused">Tensors that the network has no parameter for.</param>
internal sealed record WeightTransfer(string Path, IReadOnlyList<string> Taken, IReadOnlyList<string> Skipped, IReadOnlyList<string> Unused)
{
    private const int MostNamed = 8;

    /// <summary>Takes what fits.</summary>
    /// <param name="model">What is to start from it.</param>
    /// <param name="path">A run folder, or a .safetensors file with the names of Convolve (conv1.weight), torchvision, timm or
    /// Keras.</param>
    /// <exception cref="SafeTensorsException">The file is missing or damaged, or one of the loaded weights is NaN or infinite.</exception>
    /// <exception cref="RecipeException">Nothing in it fits; the message has names of both sides.</exception>
    public static WeightTransfer Take(Model model, string path)
    {
        string file = FileOf(path);
        using SafeTensorsFile tensors = SafeTensorsFile.Open(file);
        FileDigest.Require(file, tensors);
        WeightMatch match = WeightMatch.Of(model.Graph, tensors);
        if (match.Taken.Count == 0)
        {
            throw new RecipeException(
                $"{file} has no tensor that fits {model.Graph.Name}: it has {Some(tensors.Tensors.Select(t => t.Name))}, expected " +
                $"{Some(model.ParameterNames)}. "
                + "Use the weights of a network with layers of the same names and sizes.");
        }
        ThreadTeam.Invoke(() =>
        {
            foreach ((string name, StoredTensor stored) in match.Taken)
                model.Store.Write(model.Store.Plan.IndexOf(name), model.Store.Weights, (_, values) => stored.Read(tensors, values));
        });
        return new(path, [.. match.Taken.Keys], match.Skipped, match.Unused);
    }

    /// <summary>The SHA-256 of the file, in lower-case hexadecimal digits.</summary>
    /// <exception cref="SafeTensorsException">It cannot be read.</exception>
    internal static string DigestOf(string path)
    {
        string file = FileOf(path);
        try
        {
            using FileStream stream = File.OpenRead(file);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SafeTensorsException(file, File.Exists(file) ? "it cannot be read" : "it does not exist",
                "Pass a run folder or a .safetensors file.");
        }
    }

    private static string FileOf(string path) => Directory.Exists(path) ? System.IO.Path.Combine(path, ModelFile.FileName) : path;

    private static string Some(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return string.Join(", ", all.Take(MostNamed)) + (all.Length > MostNamed ? ", ..." : "");
    }
}
