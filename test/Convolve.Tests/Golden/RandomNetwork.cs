using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Convolve.Graphs;

namespace Convolve.Tests.Golden;

/// <summary>A random network with what PyTorch found for it in float64; test/golden/random_networks.py says what there is.</summary>
internal sealed class RandomNetwork
{
    private readonly Dictionary<string, double[]> _tensors = [];
    private readonly JsonNode _moves;

    /// <param name="file">The network; its numbers are beside it.</param>
    /// <param name="seed">What it was drawn from.</param>
    public RandomNetwork(string file, int seed)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(file))!;
        (Seed, _moves) = (seed, json["moves"]!);
        Graph = GraphJson.Read(json["graph"]!.ToJsonString());
        Batches = [.. json["batches"]!.AsArray().Select(b => (int)b!)];
        Rate = (float)json["rate"]!;
        ReadOnlySpan<double> values = MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(Path.ChangeExtension(file, ".bin")));
        foreach ((string name, JsonNode? length) in json["lengths"]!.AsObject())
        {
            _tensors[name] = values[..(int)length!].ToArray();
            values = values[(int)length!..];
        }
    }

    public int Seed { get; }

    public Graph Graph { get; }

    /// <summary>Images of the first training pass, of the second, and of an evaluation.</summary>
    public int[] Batches { get; }

    /// <summary>Of the step behind each training pass.</summary>
    public float Rate { get; }

    private double NormOf(string tensor) => Math.Sqrt(_tensors[tensor].Sum(x => x * x));

    public double[] this[string tensor] => _tensors[tensor];

    /// <summary>What is compared.</summary>
    public IEnumerable<string> Results => _tensors.Keys.Where(name => !name.StartsWith("data ", StringComparison.Ordinal)
        && !name.StartsWith("first ", StringComparison.Ordinal));

    /// <summary>
    /// Where a gradient is zero but for float64's rounding, as that of a bias in front of a batch normalization, the norm of the pass's
    /// largest gradient, beside which it must vanish; else null.
    /// </summary>
    public double? SizeOfZero(string result)
    {
        if (!result.StartsWith("gradient", StringComparison.Ordinal))
            return null;
        string pass = result[..result.IndexOf(' ')];
        double largest = Results.Where(name => name.StartsWith(pass, StringComparison.Ordinal)).Max(NormOf);
        return NormOf(result) < 1e-10 * largest ? largest : null;
    }

    /// <summary>How far PyTorch's own result moves when each number is disturbed as rounding would.</summary>
    public double MoveOf(string kind, string result) => (double)_moves[kind]![result]!;
}
