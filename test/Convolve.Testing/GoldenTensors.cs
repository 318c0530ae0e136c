using System.Numerics;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Testing;

/// <summary>The numbers that test/golden/tensors.py makes from a hash, bit for bit: change both or neither.</summary>
public static class GoldenTensors
{
    private const float VectorScale = 0.125f;

    /// <summary>Where the streams of tensor numbers start.</summary>
    public const int Images = 1000, Labels = 2000, Samples = 3000, Projections = 4000;

    /// <summary>Projections of a tensor, and batches of a network.</summary>
    public const int ProjectionCount = 4, BatchCount = 2;

    /// <summary>Multiples of 2^-23 in [-1, 1), times a scale in float32.</summary>
    public static void Fill(int tensor, Span<float> values, float scale = 1)
    {
        uint key = Key(tensor);
        for (int i = 0; i < values.Length; i++)
            values[i] = Value((uint)i, key) * scale;
    }

    /// <summary>All that a network keeps, with names and numbers: the parameters first, then the buffers.</summary>
    public static IEnumerable<(string Name, int Number, ParameterSpec Spec)> State(Graph graph)
    {
        var named = from node in graph.Nodes
                    from state in node.State.Index()
                    orderby state.Index >= node.Parameters.Count
                    select (Name: $"{node.Name}.{state.Item.Name}", Spec: state.Item);
        return named.Select((state, number) => (state.Name, number, state.Spec));
    }

    /// <summary>
    /// Weights Kaiming uniform; scales of normalizations and running variances in 7/8 to 9/8; all else in plus or minus 1/8.
    /// </summary>
    public static float[] ValuesOf(int number, ParameterSpec spec)
    {
        float[] values = new float[spec.Count];
        Fill(number, values, spec.Role == ParameterRole.Weight ? (float)Math.Sqrt(6.0 / (values.Length / spec.Shape[0])) : VectorScale);
        float middle = spec.Role is ParameterRole.Scale or ParameterRole.RunningVariance ? 1 : 0;
        for (int i = 0; middle != 0 && i < values.Length; i++)
            values[i] += middle;
        return values;
    }

    /// <summary>The labels of a batch.</summary>
    public static int[] LabelsOf(int tensor, int batch, int classes)
    {
        uint key = Key(tensor);
        return [.. Enumerable.Range(0, batch).Select(i => (int)(Mix((uint)i ^ key) % (uint)classes))];
    }

    /// <summary>The places of a tensor's samples.</summary>
    public static int[] Places(int tensor, int samples, int count)
    {
        uint key = Key(Samples + tensor);
        return [.. Enumerable.Range(0, samples).Select(i => count <= samples ? i : (int)(Mix((uint)i ^ key) % (uint)count))];
    }

    /// <summary>The product with a vector of hashed numbers, which a wrong, missing or moved element changes.</summary>
    public static double Project<T>(int tensor, int projection, ReadOnlySpan<T> values) where T : INumberBase<T>
    {
        uint key = Key(Projections + ProjectionCount * tensor + projection);
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
            sum += double.CreateTruncating(values[i]) * Value((uint)i, key);
        return sum;
    }

    private static uint Key(int tensor) => Mix(unchecked((uint)tensor * 0x9E3779B9 + 1));

    private static float Value(uint element, uint key) => ((int)(Mix(element ^ key) >> 8) - (1 << 23)) * (1f / (1 << 23));

    // lowbias32 by Chris Wellons: a bijective 32-bit hash.
    private static uint Mix(uint x)
    {
        x ^= x >> 16;
        x *= 0x7FEB352D;
        x ^= x >> 15;
        x *= 0x846CA68B;
        return x ^ (x >> 16);
    }
}
