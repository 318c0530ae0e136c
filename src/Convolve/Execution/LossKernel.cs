using Convolve.Kernels;
using Convolve.OneDnn;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Softmax cross-entropy: each image's loss, and the gradient of their mean: (softmax - one-hot) / N.</summary>
internal sealed unsafe class LossKernel : ITeamWork
{
    private readonly float* _logits;
    private readonly nint _target;
    private readonly int _batch, _classes;
    private readonly bool _isBFloat16;
    private readonly PassState _state;

    public LossKernel(Step step, LossWork work, Binder binder)
    {
        Tensor target = step[Argument.Target];
        _logits = (float*)binder.Address(step[Argument.Source]);
        (_target, _state) = (binder.Address(target), binder.State);
        (_batch, _classes) = ((int)target.Layout.Sizes[0], work.Classes);
        _isBFloat16 = target.Layout.Type == ElementType.BFloat16;
    }

    public void Run(int thread, int threads)
    {
        int correct = 0;
        for (int i = 0; i < _batch; i++)
        {
            ReadOnlySpan<float> logits = new(_logits + (long)i * _classes, _classes);
            int label = _state.Labels[i], best = 0;
            for (int k = 1; k < logits.Length; k++)
                best = logits[k] > logits[best] ? k : best;
            correct += best == label ? 1 : 0;
            _state.Losses[i] = Gradient(logits, label, logits[best], (long)i * _classes);
        }
        _state.Correct = correct;
    }

    private float Gradient(ReadOnlySpan<float> logits, int label, float largest, long offset)
    {
        double sum = 0;
        foreach (float logit in logits)
            sum += MathF.Exp(logit - largest);
        double scale = 1 / (sum * _batch);
        for (int k = 0; k < logits.Length; k++)
        {
            double gradient = MathF.Exp(logits[k] - largest) * scale - (k == label ? 1.0 / _batch : 0);
            if (_isBFloat16)
                ((ushort*)_target)[offset + k] = BFloat16.FromSingle((float)gradient);
            else
                ((float*)_target)[offset + k] = (float)gradient;
        }
        return (float)(Math.Log(sum) + largest - logits[label]);
    }
}
