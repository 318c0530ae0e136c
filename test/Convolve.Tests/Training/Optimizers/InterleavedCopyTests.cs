using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Testing.Software;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training.Optimizers;

/// <summary>The bfloat16 copies that the optimizer writes are, bit for bit, those that the library would make.</summary>
public class InterleavedCopyTests
{
    [NeedsFact(Feature.BFloat16)]
    public void The_optimizer_writes_what_a_reorder_would() => RequireCopies();

    // In registers put together of halves where there are no wider ones.
    [Fact]
    public void The_optimizer_writes_what_plain_loops_would()
    {
        using IDisposable software = SoftwareLibrary.Use();
        RequireCopies();
    }

    private static void RequireCopies()
    {
        Graph graph = Graph.Sequential("small", (3, 12, 12),
            [new Conv2d(40, 3), new ReLU(), new Conv2d(20, 3), new ReLU(), new Flatten(), new Linear(100), new ReLU(), new Linear(10)]);
        using Model model = new(graph, new() { Precision = Precision.BFloat16 }, 8, 1);
        CounterRandom random = new(2, RandomPurpose.Test);
        float[] images = new float[8 * graph.Input.Elements];
        foreach (ref float x in images.AsSpan())
            x = random.NextNormal();
        using Optimizer optimizer = new(model, new Sgd { Momentum = 0.9f, WeightDecay = 0.01f });
        for (uint step = 0; step < 3; step++)
        {
            model.ForwardBackward(images, [0, 1, 2, 3, 4, 5, 6, 7], step);
            optimizer.Step(0.05f);
        }
        byte[][] fused = Copies(model);
        ThreadTeam.Invoke(() =>
        {
            model.Store.MarkChanged();
            model.Store.Refresh();
        });
        Assert.Equal(Copies(model), fused);
        Assert.True(Enumerable.Range(0, graph.Nodes.Sum(n => n.Parameters.Count))
            .Count(i => model.Store.InterleavedCopyOf(i).Address != 0) >= 3);
    }

    // Those that the optimizer writes; the others wait for the next pass.
    private static byte[][] Copies(Model model) =>
        [.. model.Training(8).Plan.WeightCopies.Where(t =>
            model.Store.CopyOf(t).BeginsAt(model.Store.InterleavedCopyOf(t.Storage.Parameter).Address))
            .Select(t => model.Store.CopyOf(t).Span<byte>(0, (int)t.Layout.Bytes).ToArray())];
}
