using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Passes;

//     for each sample:  for each feature: largest;  for each: exp, sum;  for each: y;  or  for each: sum of dy y;  for each: dx
//
// x, y, dy, dx  [N][features]  float32 or bfloat16
// L1: a sample. Bound: two exponentials for each feature; backward, loads.

/// <summary>Softmax of each vector of a batch, or its gradient y * (g - sum of g * y).</summary>
internal sealed unsafe class SoftmaxKernel : ITeamWork
{
    private readonly Numbers _first, _second, _result;
    private readonly long _batch;
    private readonly int _features;
    private readonly bool _isBack;

    /// <summary>Forward.</summary>
    public SoftmaxKernel(long batch, int features, Numbers source, Numbers target) =>
        (_batch, _features, _first, _result) = (batch, features, source, target);

    /// <summary>Backward.</summary>
    public SoftmaxKernel(long batch, int features, Numbers target, Numbers diffTarget, Numbers diffSource) : this(batch, features, target,
        diffSource) => (_second, _isBack) = (diffTarget, true);

    public void Run(int thread, int threads)
    {
        for (long n = _batch * thread / threads; n < _batch * (thread + 1) / threads; n++)
            if (_isBack)
                Backward(n * _features, (n + 1) * _features);
            else
                Forward(n * _features, (n + 1) * _features);
    }

    private void Forward(long from, long end)
    {
        float largest = float.NegativeInfinity;
        for (long i = from; i < end; i++)
            largest = Math.Max(largest, _first[i]);
        double sum = 0;
        for (long i = from; i < end; i++)
            sum += MathF.Exp(_first[i] - largest);
        for (long i = from; i < end; i++)
            _result.Set(i, (float)(MathF.Exp(_first[i] - largest) / sum));
    }

    private void Backward(long from, long end)
    {
        double sum = 0;
        for (long i = from; i < end; i++)
            sum += (double)_first[i] * _second[i];
        for (long i = from; i < end; i++)
            _result.Set(i, (float)(_first[i] * (_second[i] - sum)));
    }

    /// <summary>Numbers in memory in either type.</summary>
    public readonly struct Numbers(nint at, bool isBFloat16)
    {
        public float this[long i] => isBFloat16 ? BFloat16.ToSingle(((ushort*)at)[i]) : ((float*)at)[i];

        public void Set(long i, float value)
        {
            if (isBFloat16)
                ((ushort*)at)[i] = BFloat16.FromSingle(value);
            else
                ((float*)at)[i] = value;
        }
    }
}
