using System.Diagnostics;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;

namespace Convolve.Training;

/// <summary>Trains with a rising learning rate, or for a short while with one rate, and puts everything back afterwards.</summary>
/// <remarks>Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3.3.</remarks>
internal sealed class LearningRateFinder(TrainingParts parts)
{
    // The mean that ends the sweep looks back some five steps; what is drawn is smoothed afterwards, in both directions.
    private const double Kept = 0.8, FarBehind = 4;

    // Of a trial without validation, the share of its steps whose losses count.
    private const double LastShare = 0.1;

    // Another trial with a rate gets the orders, augmentations and dropout of epochs so far away.
    private const int EpochsApart = 1000;

    /// <summary>Runs a sweep; on the executor thread.</summary>
    /// <exception cref="RecipeException">The sweep doesn't rise.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public LearningRateCurve Run(LearningRateSweep sweep, IProgress<double>? progress, CancellationToken cancellation)
    {
        sweep.Validate();
        return AndBack(() => Sweep(sweep, progress, cancellation));
    }

    /// <summary>
    /// Trains some steps by the recipe's schedule, shortened to them, and evaluates the validation split; on the executor thread.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public LearningRateTrial Try(double rate, int steps, int run, IProgress<double>? progress,
        CancellationToken cancellation) => AndBack(() => Trial(rate, steps, run * EpochsApart, progress, cancellation));

    private T AndBack<T>(Func<T> train)
    {
        ParameterStore store = parts.Model.Store;
        using NativeBuffer weights = new(store.Plan.Bytes, "the weights before the sweep");
        store.Weights.CopyTo(weights);
        try
        {
            return train();
        }
        finally
        {
            weights.CopyTo(store.Weights);
            store.MarkChanged();
            parts.Optimizer.Forget();
            parts.Average?.Begin();
        }
    }

    private LearningRateCurve Sweep(LearningRateSweep sweep, IProgress<double>? progress, CancellationToken cancellation)
    {
        List<double> rates = [], losses = [];
        double mean = 0, lowest = double.PositiveInfinity;
        bool isDiverged = false;
        long start = Stopwatch.GetTimestamp();
        for (int step = 0; step < sweep.Steps && !isDiverged; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            double rate = sweep.From * Math.Pow(sweep.To / sweep.From, (double)step / (sweep.Steps - 1));
            double loss = Step(0, step, (float)rate);
            isDiverged = !double.IsFinite(loss);
            if (isDiverged)
                break;
            mean = Kept * mean + (1 - Kept) * loss;
            double now = mean / (1 - Math.Pow(Kept, step + 1));
            rates.Add(rate);
            losses.Add(loss);
            lowest = Math.Min(lowest, now);
            progress?.Report((step + 1.0) / sweep.Steps);
            ThreadTeam.ServeQueued();
            isDiverged = now > FarBehind * lowest;
        }
        return LearningRateCurve.Of(rates, losses) with
        {
            Diverged = isDiverged,
            StepTime = Stopwatch.GetElapsedTime(start) / Math.Max(1, rates.Count)
        };
    }

    private LearningRateTrial Trial(double rate, int steps, int firstEpoch, IProgress<double>? progress, CancellationToken cancellation)
    {
        Schedule schedule = parts.Recipe.Schedule;
        double warmUp = schedule.WarmUpEpochs / parts.Recipe.Epochs;
        // Cuts after epochs lie behind the end of a trial.
        if (schedule.Kind is not (ScheduleKind.OneCycle or ScheduleKind.Cosine))
            schedule = new();
        schedule = schedule with { WarmUpEpochs = warmUp };
        int last = Math.Max(1, (int)(LastShare * steps)), images = 0;
        double sum = 0;
        for (int step = 0; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            double loss = Step(firstEpoch, step, (float)(rate * schedule.At(step, steps, 1, parts.Recipe.WarmUpFrom)));
            if (!double.IsFinite(loss))
                return new(rate, step + 1, double.NaN, null);
            if (step >= steps - last)
                (sum, images) = (sum + loss, images + 1);
            progress?.Report((step + 1.0) / steps);
            ThreadTeam.ServeQueued();
        }
        if (parts.Validation is not { } validation)
            return new(rate, steps, sum / images, null);
        Evaluation? seen = null;
        if (parts.Average is { } average)
            average.With(() => (seen = validation.Run(null, cancellation)) is not null);
        else
            seen = validation.Run(null, cancellation);
        return new(rate, steps, seen!.Loss, seen.Accuracy);
    }

    // The batches that the run begins with, and more of them where it is short.
    private double Step(int firstEpoch, int step, float rate)
    {
        int epoch = firstEpoch + step / parts.Sampler.BatchCount;
        ReadOnlySpan<int> batch = parts.Sampler.Batch(epoch, step % parts.Sampler.BatchCount);
        return parts.Step(batch, epoch, (uint)(firstEpoch * parts.Sampler.BatchCount + step), rate).LossSumOrNaN / batch.Length;
    }
}
