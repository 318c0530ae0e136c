using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Planning;

/// <summary>Runs a plan in an arena of the test's own, full of junk at first.</summary>
internal static class PlanRunner
{
    private const byte Junk = 0xFF; // NaN in float32 and in bfloat16
    private const int Guard = 256;

    /// <summary>Gives every piece a place of its own with a guard behind it; returns the size of the arena.</summary>
    public static long PlaceApart(Plan plan)
    {
        long end = 0;
        foreach (Storage piece in Pieces(plan))
        {
            piece.Offset = end;
            end += (piece.Bytes + Guard + 63) / 64 * 64;
        }
        return end;
    }

    /// <summary>All results of two passes as bits, by name.</summary>
    public static Dictionary<string, float[]> Run(Plan plan, long arenaBytes, bool hasGuards)
    {
        Dictionary<string, float[]> results = [];
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(plan.Options.Threads);
            using NativeBuffer arena = new(arenaBytes, "a test");
            using ParameterStore store = new(plan.Parameters, plan.Options.IsTraining, () => arena);
            using ExecutorCache passes = new(store, arena, seed: 5);
            Executor pass = passes.Add(plan);
            store.Initialize(seed: 6);
            arena.Span<byte>(0, (int)arenaBytes).Fill(Junk);
            for (uint step = 0; step < 2; step++)
            {
                Fill(pass, plan.Graph);
                pass.Run(step);
                results[$"logits {step}"] = pass.Logits.ToArray();
            }
            if (hasGuards)
                RequireGuards(plan, arena);
            if (!plan.Options.IsTraining)
                return;
            results["losses"] = pass.Losses.ToArray();
            for (int i = 0; i < plan.Parameters.Slots.Count; i++)
            {
                float[] gradient = results[plan.Parameters.Slots[i].Name] = new float[plan.Parameters.Slots[i].Spec.Count];
                store.Read(i, store.Gradients, gradient);
            }
        });
        return results;
    }

    private static IEnumerable<Storage> Pieces(Plan plan) => MemoryJudge.Lifetimes(plan).Keys;

    private static void Fill(Executor pass, Graph graph)
    {
        float[] images = TestTensors.Narrow(TestTensors.Images(graph, pass.BatchSize));
        if (pass.Plan.Options.Precision == Precision.Float32)
            images.CopyTo(pass.InputFloat32);
        else
            for (int i = 0; i < images.Length; i++)
                pass.InputBFloat16[i] = BFloat16.FromSingle(images[i]);
        TestTensors.Labels(graph, pass.BatchSize).CopyTo(pass.Labels);
    }

    private static void RequireGuards(Plan plan, NativeBuffer arena)
    {
        foreach (Storage piece in Pieces(plan))
            Assert.True(arena.Span<byte>(piece.Offset + piece.Bytes, Guard).IndexOfAnyExcept(Junk) < 0,
                $"something wrote behind {piece.Name}");
    }
}
