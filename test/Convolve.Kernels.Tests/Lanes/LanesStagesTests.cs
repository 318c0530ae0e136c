using Convolve.Kernels.Lanes;
using Convolve.Testing;

namespace Convolve.Kernels.Tests;

public sealed unsafe class LanesStagesTests
{
    /// <summary>The pooling's kernel, stride and padding; 0 for none; then the batch.</summary>
    public static TheoryData<LanesPoolOrNone, LanesConvName, int> Cases
    {
        get
        {
            TheoryData<LanesPoolOrNone, LanesConvName, int> cases = [];
            foreach (LanesPoolOrNone pool in Enum.GetValues<LanesPoolOrNone>())
                foreach (LanesConvName conv in Enum.GetValues<LanesConvName>())
                    cases.Add(pool, conv, conv == LanesConvName.LeNet2 ? 33 : 5);
            cases.Add(LanesPoolOrNone.Max2, LanesConvName.LeNet1, 256);
            cases.Add(LanesPoolOrNone.Average2, LanesConvName.LeNet2, 256);
            return cases;
        }
    }

    public enum LanesPoolOrNone
    {
        None,
        Max2,
        Max2AfterGaps,
        Max3Overlapping,
        Max3Padded,
        Average2,
        Average3Overlapping,
        Average3Padded,
    }

    public enum LanesConvName
    {
        LeNet1,
        LeNet2,
        Strided,
        Odd,
    }

    [NeedsTheory(Feature.Avx2)]
    [MemberData(nameof(Cases))]
    public void AgreesWithTheReference(LanesPoolOrNone pool, LanesConvName conv, int batch)
    {
        LanesConv shape = conv switch
        {
            LanesConvName.LeNet1 => LanesConvolutionTests.LeNet1,
            LanesConvName.LeNet2 => LanesConvolutionTests.LeNet2,
            LanesConvName.Strided => new(3, 19, 17, 7, 3, 3, 2, 2, 1, 1, 1, 1),
            _ => new(2, 9, 11, 5, 2, 4, 1, 1, 1, 0, 0, 2),
        };
        foreach (LanesActivation activation in Enum.GetValues<LanesActivation>())
        {
            Check(new LanesStage(shape, activation, 0.1f, Pool(pool, shape)), batch, threads: batch % 2 + 1);
            if (batch > 64)
                break;
        }
        if (pool == LanesPoolOrNone.Max2)
            Check(new LanesStage(shape, LanesActivation.LeakyReLU, 0, Pool(pool, shape)), batch, threads: 1);
    }

    private static LanesPool? Pool(LanesPoolOrNone pool, LanesConv conv)
    {
        LanesPool Of(LanesPoolKind kind, int kernel, int stride, int padding) =>
            new(kind, conv.Filters, conv.OutHeight, conv.OutWidth, kernel, kernel, stride, stride, padding, padding, padding, padding);
        return pool switch
        {
            LanesPoolOrNone.Max2 => Of(LanesPoolKind.Max, 2, 2, 0),
            LanesPoolOrNone.Max2AfterGaps => Of(LanesPoolKind.Max, 2, 3, 0),
            LanesPoolOrNone.Max3Overlapping => Of(LanesPoolKind.Max, 3, 2, 0),
            LanesPoolOrNone.Max3Padded => Of(LanesPoolKind.Max, 3, 3, 1),
            LanesPoolOrNone.Average2 => Of(LanesPoolKind.Average, 2, 2, 0),
            LanesPoolOrNone.Average3Overlapping => Of(LanesPoolKind.Average, 3, 1, 0),
            LanesPoolOrNone.Average3Padded => Of(LanesPoolKind.AverageIncludingPadding, 3, 2, 1),
            _ => null,
        };
    }

    private static void Check(LanesStage stage, int batch, int threads)
    {
        LanesConv conv = stage.Conv;
        LanesActivation activation = stage.Activation;
        int groups = Lanes.Lanes.Groups(batch);
        float[] src = LanesReference.Random(batch * conv.InFeatures, 1), diff = LanesReference.Random(batch * stage.OutFeatures, 2);
        float[] weights = LanesReference.Random(conv.Filters * conv.Taps, 3, 0.3f), bias = LanesReference.Random(conv.Filters, 4);
        using LanesBuffer x = LanesBuffer.ToLanes(src, batch, 0.5f), y = new(Lanes.Lanes.Bytes(batch, stage.OutFeatures));
        using LanesBuffer inferred = new(y.Bytes), w = LanesBuffer.Of(weights), b = LanesBuffer.Of(bias);
        using LanesBuffer kept = new(Lanes.Lanes.Bytes(batch, conv.OutFeatures)), positions = new(stage.Pool?.ArgmaxBytes(batch) ?? 0);
        float* activations = stage.KeepsActivations ? kept.Floats : null;

        LanesConvolutionTests.Run(threads, groups, LanesStages.ForwardScratchBytes(stage), (_, scratch, first, count) =>
        {
            LanesStages.Forward(
                stage, x.Floats, w.Floats, b.Floats, activations, y.Floats, positions.Bytes > 0 ? positions.Data : null, scratch.Data,
                first, count);
            LanesStages.Forward(stage, x.Floats, w.Floats, b.Floats, null, inferred.Floats, null, scratch.Data, first, count);
        });
        double[] sums = LanesReference.Forward(conv, batch, src, weights, bias);
        double[] want = stage.Pool is { } pool
            ? LanesReference.Pool(pool, activation, stage.Slope, batch, sums)
            : [.. sums.Select(value => LanesReference.Activate(activation, value, stage.Slope))];
        LanesReference.Near(want, y.ToPlain(batch));
        Assert.True(y.Span.SequenceEqual(inferred.Span));
        if (stage.KeepsActivations)
            LanesReference.Near(
                [.. sums.Select(value => LanesReference.Activate(activation, value, stage.Slope))], kept.ToPlain(batch));

        using LanesBuffer dy = LanesBuffer.ToLanes(diff, batch, 0), dx = new(Lanes.Lanes.Bytes(batch, conv.InFeatures));
        using LanesBuffer threadSums = new(threads * LanesConvolution.WeightSumsBytes(conv)), again = new(threadSums.Bytes);
        using LanesBuffer dw = new(weights.Length * sizeof(float)), db = new(bias.Length * sizeof(float));
        LanesConvolutionTests.Run(threads, groups, LanesStages.BackwardScratchBytes(stage), (thread, scratch, first, count) =>
        {
            foreach ((LanesBuffer to, bool asks) in new[] { (threadSums, true), (again, false) })
                LanesStages.Backward(
                    stage, x.Floats, w.Floats, activations, y.Floats, positions.Bytes > 0 ? positions.Data : null, dy.Floats,
                    to.Data + thread * LanesConvolution.WeightSumsBytes(conv), asks ? dx.Floats : null, scratch.Data, first, count);
        });
        Assert.True(threadSums.Span.SequenceEqual(again.Span));
        LanesConvolution.ReduceWeights(conv, threadSums.Data, threads, dw.Floats, db.Floats, 0, conv.Filters);

        double[] wantSums = stage.Pool is { } pooling
            ? LanesReference.PoolBackward(
                pooling, activation, stage.Slope, batch, sums, output => LanesPoolingTests.Position(positions, pooling, output), diff)
            : [.. diff.Zip(want, (d, value) => d * LanesReference.Derivative(activation, value, stage.Slope))];
        (double[] wantWeights, double[] wantBias) = LanesReference.BackwardWeights(conv, batch, src, wantSums);
        LanesReference.Near(wantWeights, dw.Span);
        LanesReference.Near(wantBias, db.Span);
        LanesReference.Near(LanesReference.BackwardData(conv, batch, wantSums, weights), dx.ToPlain(batch));
    }
}
