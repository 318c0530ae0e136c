using Convolve.Graphs;
using Convolve.Kernels.Layouts;
using Convolve.OneDnn;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Tests.Layers;
using Convolve.Zoo;

namespace Convolve.Tests.Planning;

/// <summary>The layouts of plans are what the library takes them for.</summary>
public class PlannedLayoutTests
{
    public static TheoryData<string> Networks => [.. NetworkCatalog.All.Select(entry => entry.Name)];

    public static TheoryData<string> Cases => LayerCatalogue.Names;

    [NeedsTheory(Feature.Library), MemberData(nameof(Networks))]
    public void Of_every_network(string name) => Check(NetworkCatalog.Create(name), 16);

    [NeedsTheory(Feature.Library), MemberData(nameof(Cases))]
    public void Of_every_layer(string name) => Check(LayerCatalogue.Named(name).Graph, LayerCatalogue.Named(name).Batch);

    private static void Check(Graph graph, int batch)
    {
        Layout[] layouts = [.. from precision in Features.HasNativeBFloat16 ? [Precision.Float32, Precision.BFloat16]
            : new[] { Precision.Float32 }
                               from training in new[] { true, false }
                               from step in Planner.Create(graph, new(batch, training, precision, false, 2)).Steps
                               from use in step.Uses
                               select use.Tensor.Layout];
        Layout[] all = [.. layouts.Distinct()];
        LayoutCodec codec = ((OneDnnLibrary)new OneDnnBackend().Load()!).Codec;
        using Descriptors made = new(codec);
        nint[] descriptors = [.. all.Select(layout => made[layout])];
        for (int i = 0; i < all.Length; i++)
        {
            Assert.False(all[i].IsAny);
            Assert.Equal(LayoutCodec.SizeOf(descriptors[i]), all[i].Bytes);
            Assert.Equal(all[i], codec.Decode(descriptors[i]));
            for (int j = 0; j < i; j++)
                Assert.False(LayoutCodec.AreEqual(descriptors[i], descriptors[j]), $"{all[i]} and {all[j]} are one to the library");
        }
    }
}
