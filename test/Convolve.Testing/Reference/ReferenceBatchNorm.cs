using Convolve.Layers;

namespace Convolve.Testing.Reference;

/// <summary>Batch normalization by its definition; training moves the running averages.</summary>
internal sealed class ReferenceBatchNorm(BatchNorm norm, double[][] state, double[][] gradients) : ReferenceLayer
{
    private readonly double[] _weight = state[0], _bias = state[1], _runningMean = state[2], _runningVariance = state[3];
    private double[] _mean = [], _inverse = [];

    public override ReferenceTensor Forward(ReferenceTensor[] inputs)
    {
        ReferenceTensor input = inputs[0], output = new(input.Batch, input.Shape);
        (_mean, double[] variance) = ((double[])_runningMean.Clone(), (double[])_runningVariance.Clone());
        if (IsTraining)
        {
            for (int c = 0; c < input.Shape.Channels; c++)
            {
                double[] values = [.. Values(input, c)];
                _mean[c] = values.Average();
                variance[c] = values.Average(x => (x - _mean[c]) * (x - _mean[c]));
                if (!MovesAverages || values.Length == 1)
                    continue;
                _runningMean[c] += norm.Momentum * (_mean[c] - _runningMean[c]);
                _runningVariance[c] += norm.Momentum * (variance[c] * values.Length / (values.Length - 1) - _runningVariance[c]);
            }
        }
        _inverse = [.. variance.Select(v => 1 / Math.Sqrt(v + norm.Eps))];
        ForEach(input, (i, c) => output.Values[i] = (input.Values[i] - _mean[c]) * _inverse[c] * _weight[c] + _bias[c]);
        return output;
    }

    public override void Backward(ReferenceTensor[] inputs, ReferenceTensor output, ReferenceTensor outputGradient,
        ReferenceTensor[] inputGradients)
    {
        ReferenceTensor input = inputs[0];
        double[] sum = new double[_mean.Length], product = new double[_mean.Length];
        double count = input.Values.Length / (double)input.Shape.Channels;
        ForEach(input, (i, c) =>
        {
            sum[c] += outputGradient.Values[i];
            product[c] += outputGradient.Values[i] * (input.Values[i] - _mean[c]) * _inverse[c];
        });
        for (int c = 0; c < sum.Length; c++)
        {
            gradients[0][c] += product[c];
            gradients[1][c] += sum[c];
        }
        ForEach(input, (i, c) => inputGradients[0].Values[i] += _weight[c] * _inverse[c]
            * (outputGradient.Values[i] - sum[c] / count - (input.Values[i] - _mean[c]) * _inverse[c] * product[c] / count));
    }

    private static IEnumerable<double> Values(ReferenceTensor tensor, int channel)
    {
        int area = tensor.Shape.Height * tensor.Shape.Width;
        for (int n = 0; n < tensor.Batch; n++)
            for (int i = 0; i < area; i++)
                yield return tensor.Values[(n * tensor.Shape.Channels + channel) * area + i];
    }

    private static void ForEach(ReferenceTensor tensor, Action<int, int> action)
    {
        int area = tensor.Shape.Height * tensor.Shape.Width;
        for (int i = 0; i < tensor.Values.Length; i++)
            action(i, i / area % tensor.Shape.Channels);
    }
}
