using System.Diagnostics;
using System.Globalization;
using Convolve.Evaluations;
using Convolve.Inference;
using Convolve.Kernels.Threads;
using Convolve.Training.Batches;
using Convolve.Training.Profiles;

namespace Convolve.Training;

/// <summary>
/// The loop of a run: steps, validation, the choice of the best epoch, the test at the end. All that it remembers is in the state.
/// </summary>
internal sealed class TrainingRun(TrainingParts parts, TrainingState state, ITrainingRecord record, IProgress<TrainingProgress>? progress,
    TimeSpan? timeLimit, CancellationToken cancellation)
{
    private const string TooFast = "Try a learning rate 10x lower, a warm-up, or a different initialization.";
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(0.1);
    private readonly Recipe _recipe = parts.Recipe;
    private readonly int _steps = parts.Sampler.BatchCount;
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _clock = Stopwatch.GetTimestamp(), _lastReport;
    private bool _hasStepped;

    // What the processes of a run agreed on at the last step; alone, what holds at the moment.
    private bool IsCanceled => parts.Exchange is null ? cancellation.IsCancellationRequested
        : parts.Agreed.HasFlag(StopWish.Canceled);

    private bool IsLate => parts.Exchange is null ? IsLateHere : parts.Agreed.HasFlag(StopWish.Late);

    private bool IsLateHere => Stopwatch.GetElapsedTime(_start) >= timeLimit;

    /// <summary>
    /// Goes from where the state is to an end. After that the model has the best weights, or the last ones where no epoch is done.
    /// </summary>
    /// <returns>Which end, and what the best weights make of the test split; null after a cancellation.</returns>
    public (TrainingEnd End, Evaluation Test)? Finish()
    {
        if (parts.Exchange is not null)
            RankStart.Share(parts.Exchange, parts, state);
        parts.PreparePictures(state.Epoch, state.Step);
        if (state is { Epoch: 0, Step: 0 } && record.IsDue(state, _steps))
            record.Save(state);
        TrainingEnd? end = TrainEpochs();
        if (end is null or TrainingEnd.TimeLimit)
            record.Save(state);
        record.RestoreBest(state);
        if (parts.Exchange is not null)
            RankStart.ShareWeights(parts.Exchange, parts);
        if (end is null || !TryEvaluate(parts.Test, out Evaluation? test))
            return null;
        if (!double.IsFinite(test!.Loss))
            throw new TrainingException($"The weights of epoch {state.BestEpoch} give a test loss of {Words(test.Loss)}. {TooFast}");
        Clock();
        return (end.Value, test);
    }

    // Null after a cancellation.
    private TrainingEnd? TrainEpochs()
    {
        while (state.Epoch < _recipe.Epochs)
        {
            if (_recipe.EarlyStopping?.IsDue(state.Epochs) == true)
                return TrainingEnd.EarlyStop;
            if (IsLate && _hasStepped)
                return TrainingEnd.TimeLimit;
            if (!TrainEpoch())
                return IsCanceled ? null : TrainingEnd.TimeLimit;
            Evaluation? validation = null;
            if (parts.Average is null ? !TryEvaluate(parts.Validation, out validation)
                : !parts.Average.With(() => TryEvaluate(parts.Validation, out validation)))
                return null;
            EndEpoch(validation);
        }
        return TrainingEnd.Finished;
    }

    // A step is always finished, and the first one is always done.
    private bool TrainEpoch()
    {
        Clock();
        while (state.Step < _steps)
        {
            Step();
            if (ThreadTeam.ServeQueued())
                Clock(); // the time of others is not the epoch's
            if (state.Step == _steps)
                break;
            if (IsCanceled || IsLate)
                return false;
            if (!record.IsDue(state, _steps))
                continue;
            record.Save(state);
            Clock();
        }
        return !IsCanceled;
    }

    private void Step()
    {
        long index = (long)state.Epoch * _steps + state.Step;
        double rate = RateOf(index);
        ReadOnlySpan<int> batch = parts.Sampler.Batch(state.Epoch, state.Step);
        long update = parts.Optimizer.Steps + 1; // also of a step that isn't finite, after which there is none
        parts.Wish = (cancellation.IsCancellationRequested ? StopWish.Canceled : 0)
            | (IsLateHere && parts.Exchange?.Rank is null or 0 ? StopWish.Late : 0);
        StepResult done = parts.Step(batch, state.Epoch, (uint)index, (float)rate);
        _hasStepped = true;
        state.Add(batch.Length, done);
        TimeSpan duration = Clock();
        state.EpochElapsed += duration;
        TrainingMeter.Step(batch.Length, done.LossSum / batch.Length, duration);
        record.EndStep(state.Step - 1, update, done.LossSum / batch.Length, rate);
        if (!double.IsFinite(state.LossSum) || !done.LeftFiniteWeights)
            throw Diverged(batch, (uint)index, done, rate);
        if (progress is not null && (Stopwatch.GetElapsedTime(_lastReport) >= ReportInterval || state.Step == _steps))
            ReportStep(rate);
    }

    private TrainingException Diverged(ReadOnlySpan<int> batch, uint index, StepResult done, double rate)
    {
        record.FlushSteps();
        string what = double.IsFinite(done.LossSum) ? "Weights became NaN or infinite" : $"Loss became {Words(done.LossSum)}";
        string first = parts.FirstNonFinite(batch, state.Epoch, index) is { } place ? $" First NaN or infinity: {place}." : "";
        // Before the first update no rate has done anything.
        string advice = parts.Optimizer.Steps > 0 ? TooFast
            : "No update was made before, so the learning rate isn't the cause: check the initialization and the input.";
        string kept = state.BestEpoch > 0 ? $" The best weights so far, of epoch {state.BestEpoch}, are kept." : "";
        return new(
            $"{what} at epoch {state.Epoch + 1}, step {state.Step} (learning rate " +
            $"{rate.ToString("G3", CultureInfo.InvariantCulture)}).{first} {advice}{kept}");
    }

    private static string Words(double loss) => double.IsNaN(loss) ? "NaN" : "infinity";

    private double RateOf(long step) =>
        _recipe.LearningRateAt(step, _steps) * state.Plateau.Scale;

    private void EndEpoch(Evaluation? validation)
    {
        int epoch = state.Epoch + 1;
        if (validation is { } figures && !double.IsFinite(figures.Loss))
        {
            record.FlushSteps();
            throw new TrainingException($"The weights of epoch {epoch} give a validation loss of {Words(figures.Loss)}. {TooFast}");
        }
        EpochProgress done = new(epoch, _recipe.Epochs, state.Loss, state.Accuracy, validation?.Loss, validation?.Accuracy,
            RateOf((long)epoch * _steps - 1),
            state.Images / state.EpochElapsed.TotalSeconds, state.EpochElapsed, state.DataWait, IsBest: false);
        done = done with { IsBest = done.IsBetterThan(state.Best, _recipe.EarlyStopping?.Metric ?? WatchedMetric.Accuracy) };
        PlateauState plateau = _recipe.Schedule.Watched is { } metric
            ? state.Plateau.After(_recipe.Schedule, _recipe.PeakLearningRate, metric == WatchedMetric.Accuracy ? done.ChosenAccuracy
            : done.ChosenLoss) : state.Plateau;
        state.End(done, plateau);
        Clock();
        record.EndEpoch(state, done);
        progress?.Report(done);
        if (progress is not null)
            foreach (TrainingNote note in TrainingNotes.Of(state.Epochs, _recipe, parts.Graph.Output.Channels).Where(n => n.Epoch == epoch))
                progress.Report(note);
    }

    private bool TryEvaluate(Evaluator? evaluator, out Evaluation? evaluation)
    {
        evaluation = null;
        long start = Stopwatch.GetTimestamp();
        try
        {
            evaluation = evaluator?.Run(null, cancellation);
            parts.Profile?.Add(ProfilePart.Evaluation, start, Stopwatch.GetTimestamp());
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void ReportStep(double rate)
    {
        _lastReport = Stopwatch.GetTimestamp();
        double share = (state.Epoch + (double)state.Step / _steps) / _recipe.Epochs;
        progress!.Report(new StepProgress(state.Epoch + 1, _recipe.Epochs, state.Step, _steps, state.Loss, state.Accuracy, rate,
            state.Images / state.EpochElapsed.TotalSeconds, state.Elapsed / share - state.Elapsed));
    }

    // The time since it was last asked, which is the run's.
    private TimeSpan Clock()
    {
        long now = Stopwatch.GetTimestamp();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_clock, now);
        (_clock, state.Elapsed) = (now, state.Elapsed + elapsed);
        return elapsed;
    }
}
