using Convolve.Execution;
using Convolve.Kernels;
using Convolve.Kernels.Vectors;
using Convolve.Planning;

namespace Convolve.Bench;

/// <summary>
/// Images of normal noise, written straight into the input of a pass: a copy beside it would count as memory of the training.
/// </summary>
internal sealed class Noise
{
    // Prime, so that no two images are alike.
    private readonly float[] _values = new float[65521];
    private readonly ushort[] _bits = new ushort[65521];

    public Noise()
    {
        CounterRandom random = new(1, RandomPurpose.Test);
        for (int i = 0; i < _values.Length; i++)
            _bits[i] = BFloat16.FromSingle(_values[i] = random.NextNormal());
    }

    public void Fill(Executor pass)
    {
        if (pass.Plan.Options.Precision == Precision.BFloat16)
            Fill(_bits, pass.InputBFloat16);
        else
            Fill(_values, pass.InputFloat32);
        for (int i = 0; i < pass.Labels.Length; i++)
            pass.Labels[i] = i % pass.Plan.Graph.Output.Channels;
    }

    private static void Fill<T>(T[] values, Span<T> target)
    {
        for (int at = 0; at < target.Length; at += values.Length)
            values.AsSpan(0, Math.Min(values.Length, target.Length - at)).CopyTo(target[at..]);
    }
}
