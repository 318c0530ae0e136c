using System.Globalization;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Golden;

/// <summary>
/// Random networks over all kinds of layers against PyTorch in float64: logits, losses, gradients, running averages and weights of two
/// training steps, the second on a smaller batch, in each precision, with and without Winograd, on 1, 2, 3 and 5 threads, and in both
/// widths of registers.
/// </summary>
/// <remarks>
/// A result beyond its tolerance passes only where PyTorch's own result moves about as far when its numbers are disturbed by as much as the
/// precision rounds: where a ReLU is at 0, two pixels of a pool are nearly equal, or a gradient is the small rest of large sums.
/// </remarks>
[Trait("Category", "Slow")]
public class RandomNetworkTests(RandomNetworks networks, ITestOutputHelper output) : IClassFixture<RandomNetworks>
{
    private const int Count = 200, Part = 20;

    // The largest of some draws is a sample of how far rounding may move a result, not its bound.
    private const double Margin = 4;

    public static TheoryData<int> Parts => [.. Enumerable.Range(0, Count / Part).Select(part => part * Part)];

    [NeedsTheory(Feature.PyTorch), MemberData(nameof(Parts))]
    public void Results_are_PyTorchs_in_float32(int first) =>
        RequireAll(first, new("f32", new() { Precision = Precision.Float32, Exact = true }, 1e-5));

    [NeedsTheory(Feature.PyTorch), MemberData(nameof(Parts))]
    public void Results_are_PyTorchs_with_Winograd(int first) =>
        RequireAll(first, new("winograd", new() { Precision = Precision.Float32 }, 5e-3));

    [NeedsTheory(Feature.PyTorch, Feature.BFloat16), MemberData(nameof(Parts))]
    public void Results_point_where_PyTorchs_do_in_bfloat16(int first) =>
        RequireAll(first, new("bf16", new() { Precision = Precision.BFloat16 }, 0.03));

    [NeedsFact(Feature.PyTorch, Feature.WholeProcessor, Feature.Avx2)]
    public async Task Results_are_PyTorchs_with_AVX2_alone() =>
        Assert.Equal(2 * Count / Part, await Run($"FullyQualifiedName~{nameof(RandomNetworkTests)}.Results",
            [("DNNL_MAX_CPU_ISA", "AVX2"), (RandomNetworks.Variable, networks.Folder), .. ChildTests.WithoutAvx512]));

    [NeedsFact(Feature.PyTorch, Feature.WholeProcessor, Feature.BFloat16)]
    public async Task Results_point_where_PyTorchs_do_in_bfloat16_where_only_the_library_has_AVX512() =>
        Assert.Equal(Count / Part, await Run(
            $"FullyQualifiedName~{nameof(RandomNetworkTests)}.{nameof(Results_point_where_PyTorchs_do_in_bfloat16)}" +
            "&FullyQualifiedName!~where_only",
            [(RandomNetworks.Variable, networks.Folder), .. ChildTests.WithoutAvx512]));

    private static Task<int> Run(string filter, (string, string)[] variables) =>
        ChildTests.Run(typeof(RandomNetworkTests).Assembly, filter, variables);

    [NeedsFact(Feature.PyTorch)]
    public void Every_kind_of_layer_is_in_them()
    {
        string[] kinds = [.. typeof(Model).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Convolve.Layers.Layer)) && !t.IsAbstract
            && t != typeof(Convolve.Layers.Input)).Select(t => t.Name).Order(StringComparer.Ordinal)];
        Assert.Equal(kinds, networks.Of(0, Part).Concat(networks.Of(Part, Part)).SelectMany(n => n.Graph.Nodes.Skip(1))
            .Select(n => n.Layer.GetType().Name).Distinct().Order(StringComparer.Ordinal));
    }

    private void RequireAll(int first, Way way)
    {
        List<double> errors = [];
        List<string> explained = [], wrong = [];
        foreach (RandomNetwork network in networks.Of(first, Part))
        {
            Lazy<RandomNetwork> again = new(() => RandomNetworks.Again(network.Seed));
            foreach (int threads in (int[])[1, 2, 3, 5])
                foreach ((string result, float[] actual) in Results(network, way.Options with { Threads = threads }))
                {
                    double[] expected = network[result];
                    double error = network.SizeOfZero(result) is { } size ? Compare.RelativeL2(actual, new double[actual.Length]) / size
                        : way.Kind == "bf16" ? 1 - Compare.Cosine(actual, expected) : Compare.RelativeL2(actual, expected);
                    double move = network.MoveOf(way.Kind, result);
                    errors.Add(error);
                    if (error <= way.Tolerance)
                        continue;
                    if (error > Margin * move)
                        move = again.Value.MoveOf(way.Kind, result);
                    string line = string.Create(CultureInfo.InvariantCulture,
                        $"{way.Kind}, seed {network.Seed}, {threads} threads, {result}: {error:e2}; PyTorch's moves by {move:e2}");
                    (error <= Margin * move ? explained : wrong).Add(line);
                }
        }
        errors.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{way.Kind}, seeds {first} to {first + Part - 1}: {errors.Count} tensors, median {errors[errors.Count / 2]:e1}, "
            + $"99 % below {errors[errors.Count * 99 / 100]:e1}, {explained.Count} explained, {wrong.Count} wrong"));
        explained.ForEach(line => output.WriteLine("explained: " + line));
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private static IEnumerable<(string Name, float[] Actual)> Results(RandomNetwork network, ExecutionOptions options)
    {
        Graph graph = network.Graph;
        using Model model = new(graph, options, network.Batches.Take(2).Max(), seed: 1);
        foreach (string name in model.ParameterNames)
            model.WriteParameter(name, TestTensors.Narrow(network[$"first {name}"]));
        using Optimizer optimizer = new(model, new Sgd());
        yield return ("logits", ModelJudge.Forward(model, network["data images2"]));
        for (int step = 0; step < 2; step++)
        {
            int[] labels = Array.ConvertAll(network[$"data labels{step}"], label => (int)label);
            yield return ($"loss{step}", [(float)model.ForwardBackward(TestTensors.Narrow(network[$"data images{step}"]), labels)]);
            string prefix = $"gradient{step} ";
            foreach (string gradient in network.Results.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
                yield return (gradient, ModelJudge.Gradient(model, gradient[prefix.Length..], network[gradient].Length));
            optimizer.Step(network.Rate);
        }
        foreach (string name in model.ParameterNames)
            yield return ($"state {name}", ModelJudge.Parameter(model, name, network[$"state {name}"].Length));
        yield return ("logits after", ModelJudge.Forward(model, network["data images2"]));
    }

    /// <param name="Kind">As in the file.</param>
    /// <param name="Options">How it is computed.</param>
    /// <param name="Tolerance">The relative error in the Euclidean norm; in bfloat16 what the cosine may lack of 1.</param>
    private sealed record Way(string Kind, ExecutionOptions Options, double Tolerance);
}
