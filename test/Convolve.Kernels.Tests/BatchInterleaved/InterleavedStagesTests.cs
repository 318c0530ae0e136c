using Convolve.Kernels.BatchInterleaved;

namespace Convolve.Kernels.Tests;

public sealed unsafe class InterleavedStagesTests
{
    /// <summary>The pooling's kernel, stride and padding; 0 for none; then the batch.</summary>
    public static TheoryData<InterleavedPoolOrNone, InterleavedConvName, int> Cases
    {
        get
        {
            TheoryData<InterleavedPoolOrNone, InterleavedConvName, int> cases = [];
            foreach (InterleavedPoolOrNone pool in Enum.GetValues<InterleavedPoolOrNone>())
                foreach (InterleavedConvName conv in Enum.GetValues<InterleavedConvName>())
                    cases.Add(pool, conv, conv == InterleavedConvName.LeNet2 ? 33 : 5);
            cases.Add(InterleavedPoolOrNone.Max2, InterleavedConvName.LeNet1, 256);
            cases.Add(InterleavedPoolOrNone.Average2, InterleavedConvName.LeNet2, 256);
            return cases;
        }
    }

    public enum InterleavedPoolOrNone
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

    public enum InterleavedConvName
    {
        LeNet1,
        LeNet2,
        Strided,
        Odd,
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AgreesWithTheReference(InterleavedPoolOrNone pool, InterleavedConvName conv, int batch)
    {
        InterleavedConv shape = conv switch
        {
            InterleavedConvName.LeNet1 => InterleavedConvolutionTests.LeNet1,
            InterleavedConvName.LeNet2 => InterleavedConvolutionTests.LeNet2,
            InterleavedConvName.Strided => new(3, 19, 17, 7, 3, 3, 2, 2, 1, 1, 1, 1),
            _ => new(2, 9, 11, 5, 2, 4, 1, 1, 1, 0, 0, 2),
        };
        foreach (InterleavedActivation activation in Enum.GetValues<InterleavedActivation>())
        {
            Check(new InterleavedStage(shape, activation, 0.1f, Pool(pool, shape)), batch, threads: batch % 2 + 1);
            if (batch > 64)
                break;
        }
        if (pool == InterleavedPoolOrNone.Max2)
            Check(new InterleavedStage(shape, InterleavedActivation.LeakyReLU, 0, Pool(pool, shape)), batch, threads: 1);
    }

    private static InterleavedPool? Pool(InterleavedPoolOrNone pool, InterleavedConv conv)
    {
        InterleavedPool Of(InterleavedPoolKind kind, int kernel, int stride, int padding) =>
            new(kind, conv.Filters, conv.OutHeight, conv.OutWidth, kernel, kernel, stride, stride, padding, padding, padding, padding);
        return pool switch
        {
            InterleavedPoolOrNone.Max2 => Of(InterleavedPoolKind.Max, 2, 2, 0),
            InterleavedPoolOrNone.Max2AfterGaps => Of(InterleavedPoolKind.Max, 2, 3, 0),
            InterleavedPoolOrNone.Max3Overlapping => Of(InterleavedPoolKind.Max, 3, 2, 0),
            InterleavedPoolOrNone.Max3Padded => Of(InterleavedPoolKind.Max, 3, 3, 1),
            InterleavedPoolOrNone.Average2 => Of(InterleavedPoolKind.Average, 2, 2, 0),
            InterleavedPoolOrNone.Average3Overlapping => Of(InterleavedPoolKind.Average, 3, 1, 0),
            InterleavedPoolOrNone.Average3Padded => Of(InterleavedPoolKind.AverageIncludingPadding, 3, 2, 1),
            _ => null,
        };
    }

    private static void Check(InterleavedStage stage, int batch, int threads)
    {
        InterleavedConv conv = stage.Conv;
        InterleavedActivation activation = stage.Activation;
        int groups = Interleaving.Groups(batch);
        float[] src = InterleavedReference.Random(batch * conv.InFeatures, 1),
            diff = InterleavedReference.Random(batch * stage.OutFeatures, 2);
        float[] weights = InterleavedReference.Random(conv.Filters * conv.Taps, 3, 0.3f),
            bias = InterleavedReference.Random(conv.Filters, 4);
        using AlignedBuffer x = AlignedBuffer.Interleave(src, batch, 0.5f), y = new(Interleaving.Bytes(batch, stage.OutFeatures));
        using AlignedBuffer inferred = new(y.Bytes), w = AlignedBuffer.Of(weights), b = AlignedBuffer.Of(bias);
        using AlignedBuffer kept = new(Interleaving.Bytes(batch, conv.OutFeatures)), positions = new(stage.Pool?.ArgmaxBytes(batch) ?? 0);
        float* activations = stage.KeepsActivations ? kept.Floats : null;

        InterleavedConvolutionTests.Run(threads, groups, InterleavedStages.ForwardScratchBytes(stage), (_, scratch, first, count) =>
        {
            InterleavedStages.Forward(
                stage, x.Floats, w.Floats, b.Floats, activations, y.Floats, positions.Bytes > 0 ? positions.Data : null, scratch.Data,
                first, count);
            InterleavedStages.Forward(stage, x.Floats, w.Floats, b.Floats, null, inferred.Floats, null, scratch.Data, first, count);
        });
        double[] sums = InterleavedReference.Forward(conv, batch, src, weights, bias);
        double[] want = stage.Pool is { } pool
            ? InterleavedReference.Pool(pool, activation, stage.Slope, batch, sums)
            : [.. sums.Select(value => InterleavedReference.Activate(activation, value, stage.Slope))];
        InterleavedReference.Near(want, y.ToPlain(batch));
        Assert.True(y.Span.SequenceEqual(inferred.Span));
        if (stage.KeepsActivations)
            InterleavedReference.Near(
                [.. sums.Select(value => InterleavedReference.Activate(activation, value, stage.Slope))], kept.ToPlain(batch));

        using AlignedBuffer dy = AlignedBuffer.Interleave(diff, batch, 0), dx = new(Interleaving.Bytes(batch, conv.InFeatures));
        using AlignedBuffer threadSums = new(threads * InterleavedConvolution.WeightSumsBytes(conv)), again = new(threadSums.Bytes);
        using AlignedBuffer dw = new(weights.Length * sizeof(float)), db = new(bias.Length * sizeof(float));
        InterleavedConvolutionTests.Run(threads, groups, InterleavedStages.BackwardScratchBytes(stage), (thread, scratch, first, count) =>
        {
            foreach ((AlignedBuffer to, bool asks) in new[] { (threadSums, true), (again, false) })
                InterleavedStages.Backward(
                    stage, x.Floats, w.Floats, activations, y.Floats, positions.Bytes > 0 ? positions.Data : null, dy.Floats,
                    to.Data + thread * InterleavedConvolution.WeightSumsBytes(conv), asks ? dx.Floats : null, scratch.Data, first, count);
        });
        Assert.True(threadSums.Span.SequenceEqual(again.Span));
        InterleavedConvolution.ReduceWeights(conv, threadSums.Data, threads, dw.Floats, db.Floats, 0, conv.Filters);

        double[] wantSums = stage.Pool is { } pooling
            ? InterleavedReference.PoolBackward(
                pooling, activation, stage.Slope, batch, sums, output => InterleavedPoolingTests.Position(positions, pooling, output), diff)
            : [.. diff.Zip(want, (d, value) => d * InterleavedReference.Derivative(activation, value, stage.Slope))];
        (double[] wantWeights, double[] wantBias) = InterleavedReference.BackwardWeights(conv, batch, src, wantSums);
        InterleavedReference.Near(wantWeights, dw.Span);
        InterleavedReference.Near(wantBias, db.Span);
        InterleavedReference.Near(InterleavedReference.BackwardData(conv, batch, wantSums, weights), dx.ToPlain(batch));
    }
}
