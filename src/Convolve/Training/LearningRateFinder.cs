using Convolve.Execution;
using Convolve.OneDnn;

namespace Convolve.Training;

/// <summary>Trains with a rising learning rate, and puts everything back afterwards.</summary>
/// <remarks>Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3.3.</remarks>
internal sealed class LearningRateFinder(TrainingParts parts, LearningRateSweep sweep)
{
    private const double Kept = 0.95, FarBehind = 4;

    /// <summary>Runs the sweep; on the executor thread.</summary>
    /// <exception cref="RecipeException">The sweep does not rise.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LearningRateCurve Run(IProgress<double>? progress, CancellationToken cancellation)
    {
        sweep.Validate();
        ParameterStore store = parts.Model.Store;
        using NativeBuffer weights = new(store.Plan.Bytes, "the weights before the sweep");
        store.Weights.CopyTo(weights);
        try
        {
            return Sweep(progress, cancellation);
        }
        finally
        {
            weights.CopyTo(store.Weights);
            store.MarkChanged();
            parts.Optimizer.Forget();
            parts.Average?.Begin();
        }
    }

    private LearningRateCurve Sweep(IProgress<double>? progress, CancellationToken cancellation)
    {
        List<double> rates = [], losses = [], smoothed = [];
        double mean = 0, lowest = double.PositiveInfinity;
        for (int step = 0; step < sweep.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            double rate = sweep.From * Math.Pow(sweep.To / sweep.From, (double)step / (sweep.Steps - 1));
            double loss = Step(step, (float)rate);
            if (!double.IsFinite(loss))
                return new(rates, losses, smoothed) { Diverged = true };
            mean = Kept * mean + (1 - Kept) * loss;
            double now = mean / (1 - Math.Pow(Kept, step + 1));
            rates.Add(rate);
            losses.Add(loss);
            smoothed.Add(now);
            lowest = Math.Min(lowest, now);
            progress?.Report((step + 1.0) / sweep.Steps);
            ThreadTeam.ServeQueued();
            if (now > FarBehind * lowest)
                return new(rates, losses, smoothed) { Diverged = true };
        }
        return new(rates, losses, smoothed);
    }

    // The batches that the run begins with, and more of them where it is short.
    private double Step(int step, float rate)
    {
        int epoch = step / parts.Sampler.BatchCount;
        ReadOnlySpan<int> batch = parts.Sampler.Batch(epoch, step % parts.Sampler.BatchCount);
        return parts.Step(batch, epoch, (uint)step, rate).LossSumOrNaN / batch.Length;
    }
}
