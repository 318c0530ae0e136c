using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;

namespace Convolve.Training.Optimizers;

/// <summary>The exponential moving average of a model's weights, and of its other state, such as running statistics.</summary>
internal sealed class WeightAverage : IDisposable
{
    private readonly Model _model;
    private readonly WeightAverageKernel _kernel;
    private readonly float _decay;

    /// <param name="model">Whose; the mean begins with its weights.</param>
    /// <param name="decay">The share of the mean that stays at each step.</param>
    public WeightAverage(Model model, float decay)
    {
        (_model, _decay, Arena) = (model, decay, new(model.Store.Plan.Bytes, "the moving average of the weights"));
        _kernel = new(model.Store.Weights, Arena, model.Store.Plan.RangesOf(_ => true));
        Begin();
    }

    /// <summary>Laid out as the weights.</summary>
    public NativeBuffer Arena { get; }

    public long MemoryBytes => Arena.Bytes;

    /// <summary>
    /// Restarts from the current weights: a copy, since a step with all of the weight still rounds, and keeps NaN.
    /// </summary>
    public void Begin() => _model.Store.Weights.CopyTo(Arena);

    /// <summary>Takes the weights in after an update; on the executor thread.</summary>
    /// <param name="steps">The updates done so far.</param>
    public void Add(long steps) => _kernel.Update(Math.Min(_decay, (float)((1.0 + steps) / (10.0 + steps))));

    /// <summary>Runs something with the mean in the weights' place; on the executor thread.</summary>
    public T With<T>(Func<T> action)
    {
        Exchange();
        try
        {
            return action();
        }
        finally
        {
            Exchange();
        }
    }

    private void Exchange()
    {
        _kernel.Exchange();
        _model.Store.MarkChanged();
    }

    public void Dispose()
    {
        _kernel.Dispose();
        Arena.Dispose();
    }
}
