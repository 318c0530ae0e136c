using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Passes;

//     for each image:  for each class: largest;  for each class: exp, sum;  for each class: gradient
//
// logits  [N][classes]  float32; target [N][classes]  float32 or bfloat16; losses and labels [N], of the pass's state
// L1: the logits of an image. Bound: two exponentials for each logit; one thread does all, since the sums are of the whole batch.

/// <summary>
/// Softmax cross-entropy: each image's loss, and the gradient of their mean: (softmax - target) / N, where the target is one-hot, or with
/// label smoothing s the mixture of 1 - s of that and s of the uniform distribution (as PyTorch's CrossEntropyLoss). Images that are
/// mixtures have two labels: their shares replace it. With class weights w it is the sum of w times the loss over the sum of
/// the images' w; of mixtures, whose targets are probabilities, it is divided by N, as PyTorch does.
/// </summary>
internal sealed unsafe class LossKernel : ITeamWork
{
    private readonly float* _logits;
    private readonly nint _target;
    private readonly int _batch, _classes;
    private readonly double _smoothing;
    private readonly bool _isBFloat16;
    private readonly PassState _state;
    private readonly float[]? _weights;

    /// <param name="batch">Images.</param>
    /// <param name="classes">Logits of an image.</param>
    /// <param name="smoothing">The share of each label that is spread over all classes.</param>
    /// <param name="logits">Float32, [batch][classes].</param>
    /// <param name="target">Where their gradient goes.</param>
    /// <param name="isBFloat16">Whether it is wanted in bfloat16.</param>
    /// <param name="state">Labels and class weights; the losses go there.</param>
    public LossKernel(int batch, int classes, float smoothing, nint logits, nint target, bool isBFloat16, PassState state)
    {
        _logits = (float*)logits;
        (_target, _isBFloat16) = (target, isBFloat16);
        (_batch, _classes, _smoothing) = (batch, classes, smoothing);
        (_state, _weights) = (state, state.ClassWeights);
    }

    public void Run(int thread, int threads)
    {
        int correct = 0;
        _state.WeightSum = WeightSum();
        double divisor = _state.Divisor ?? _state.WeightSum;
        for (int i = 0; i < _batch; i++)
        {
            ReadOnlySpan<float> logits = new(_logits + (long)i * _classes, _classes);
            int label = _state.Labels[i], second = _state.IsMixed ? _state.SecondLabels[i] : label, best = 0;
            float share = _state.IsMixed ? _state.FirstShares[i] : 1;
            for (int k = 1; k < logits.Length; k++)
                best = logits[k] > logits[best] ? k : best;
            correct += best == (share >= 0.5f ? label : second) && !float.IsNaN(logits[best]) ? 1 : 0;
            _state.Losses[i] = _weights is null ? Gradient(logits, label, second, share, logits[best], (long)i * _classes, divisor)
                : WeightedGradient(logits, label, second, share, logits[best], (long)i * _classes, divisor);
        }
        _state.Correct = correct;
    }

    private float Gradient(ReadOnlySpan<float> logits, int label, int second, double share, float largest, long offset, double divisor)
    {
        double sum = 0, total = 0;
        foreach (float logit in logits)
        {
            sum += MathF.Exp(logit - largest);
            total += logit;
        }
        double scale = 1 / (sum * divisor), others = _smoothing / _classes / divisor, own = (1 - _smoothing) / divisor;
        for (int k = 0; k < logits.Length; k++)
        {
            double gradient = MathF.Exp(logits[k] - largest) * scale
                - (others + (k == label ? share * own : 0) + (k == second ? (1 - share) * own : 0));
            Store(offset + k, gradient);
        }
        return (float)(Math.Log(sum) + largest - (1 - _smoothing) * (share * logits[label] + (1 - share) * logits[second]) - _smoothing
            * total / _classes);
    }

    // The loss is -sum of a log p, where a is the weight of a class times its share of the target.
    private float WeightedGradient(ReadOnlySpan<float> logits, int label, int second, double share, float largest, long offset,
        double divisor)
    {
        double sum = 0, all = 0, weighted = 0;
        for (int k = 0; k < logits.Length; k++)
        {
            double own = Weighted(k, label, second, share);
            sum += Math.Exp(logits[k] - largest);
            all += own;
            weighted += own * logits[k];
        }
        for (int k = 0; k < logits.Length; k++)
            Store(offset + k, (all * Math.Exp(logits[k] - largest) / sum - Weighted(k, label, second, share)) / divisor);
        return (float)(all * (Math.Log(sum) + largest) - weighted);
    }

    private double Weighted(int k, int label, int second, double share) =>
        _weights![k] * (_smoothing / _classes + (1 - _smoothing) * ((k == label ? share : 0) + (k == second ? 1 - share : 0)));

    private double WeightSum()
    {
        if (_weights is null || _state.IsMixed)
            return _batch;
        double sum = 0;
        foreach (int label in _state.Labels)
            sum += _weights[label];
        return sum;
    }

    private void Store(long place, double gradient)
    {
        if (_isBFloat16)
            ((ushort*)_target)[place] = BFloat16.FromSingle((float)gradient);
        else
            ((float*)_target)[place] = (float)gradient;
    }
}
