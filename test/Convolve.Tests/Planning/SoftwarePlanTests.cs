using Convolve.Planning;
using Convolve.Testing;
using Convolve.Testing.Software;
using Convolve.Tests.Layers;

namespace Convolve.Tests.Planning;

/// <summary>
/// Plans in bfloat16 on any machine: a library in plain loops stands in for the kernels that a processor without bfloat16 lacks. Steps,
/// layouts, weight copies and own kernels are those of a processor that has it, where .NET has AVX-512; without, Winograd and own pooling
/// give way to the library.
/// </summary>
public class SoftwarePlanTests
{
    public static TheoryData<string> Names => LayerCatalogue.Names;

    [Theory, MemberData(nameof(Names))]
    public void Every_layer_rounds_where_the_reference_rounds(string name)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        Dictionary<string, double[]> rounded = ModelJudge.Reference(layerCase.Graph, layerCase.Batch, ModelJudge.ToBFloat16);
        using IDisposable software = SoftwareLibrary.Use();
        foreach ((string result, float[] actual, double[] expected) in ModelJudge.Results(layerCase.Graph, layerCase.Batch,
            new() { Precision = Precision.BFloat16, Threads = 2 }))
        {
            double cosine = Compare.Cosine(actual, expected), roundedCosine = Compare.Cosine(actual, rounded[result]);
            Assert.True(roundedCosine > 0.999, $"{result}: cosine {roundedCosine:f4} with the reference that rounds alike");
            Assert.True(cosine > 0.97 || LayerCatalogue.IsLostInRounding(name, result), $"{result}: cosine {cosine:f4}");
        }
    }
}
