using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Softmax of each vector of a batch, or its gradient y * (g - sum of g * y).</summary>
internal sealed unsafe class SoftmaxKernel : ITeamWork
{
    private readonly SoftmaxWork _work;
    private readonly Numbers _first, _second, _result;
    private readonly long _batch;

    public SoftmaxKernel(Step step, SoftmaxWork work, Binder binder)
    {
        Numbers At(Argument argument) => new(binder.Address(step[argument]), step[argument].Layout.Type == ElementType.BFloat16);
        (_work, _batch) = (work, step.Uses[0].Tensor.Layout.Sizes[0]);
        (_first, _second, _result) = work.IsBack
            ? (At(Argument.Target), At(Argument.DiffTarget), At(Argument.DiffSource))
            : (At(Argument.Source), default, At(Argument.Target));
    }

    public void Run(int thread, int threads)
    {
        int features = _work.Features;
        for (long n = _batch * thread / threads; n < _batch * (thread + 1) / threads; n++)
            if (_work.IsBack)
                Backward(n * features, (n + 1) * features);
            else
                Forward(n * features, (n + 1) * features);
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
    private readonly struct Numbers(nint at, bool isBFloat16)
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
