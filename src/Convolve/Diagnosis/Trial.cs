using System.Diagnostics;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Training.Batches;

namespace Convolve.Diagnosis;

/// <summary>Trains for a while on a part of the data, and measures what the checks need.</summary>
internal sealed class Trial
{
    private const int MostTrained = 16000, MostHeld = 1000, ProbeSize = 32, MostLayers = 48;

    // The steps of a trial at which updates are looked at, and the least time between two looks at the clock.
    private const int Looks = 4, TimedSteps = 5;
    private const double LastShare = 0.1, SaturatedTanh = 0.99, SaturatedSigmoid = 0.01;
    private readonly DataSplits _data;
    private readonly Split _seen;

    /// <param name="data">The splits of a run; the test split isn't looked at.</param>
    /// <param name="seed">Chooses the pictures.</param>
    public Trial(DataSplits data, ulong seed)
    {
        int[] train = DataFigures.Some(data.Train, MostTrained, seed), held = DataFigures.Some(data.Validation, MostHeld, seed);
        if (held.Length == 0)
        {
            int some = Math.Min(MostHeld, train.Length / 10);
            (held, train) = (train[..some], train[some..]);
        }
        _seen = new("train", data.Train.Dataset, train[..Math.Min(train.Length, MostHeld)]);
        Split trained = new("train", data.Train.Dataset, train),
            other = new("validation", data.Validation.Count > 0 ? data.Validation.Dataset : data.Train.Dataset,
                held.Length > 0 ? held : train[..1]);
        _data = new(trained, other, other);
        HasHeld = held.Length > 0;
    }

    /// <summary>Whether there are pictures that aren't trained on.</summary>
    public bool HasHeld { get; }

    /// <summary>The part of the data that trials use.</summary>
    public DataSplits Data => _data;

    /// <summary>Trains.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="recipe">How; its schedule is shortened to the steps where it depends on the length of the run.</param>
    /// <param name="steps">At most.</param>
    /// <param name="limit">Time after which it stops.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1].</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RecipeException">The recipe can't be followed.</exception>
    public TrialFigures Run(Graph graph, Recipe recipe, int steps, TimeSpan limit, IProgress<double>? progress,
        CancellationToken cancellation)
    {
        (TrainingParts parts, _) = TrainingParts.Begin(graph, _data, recipe);
        using (parts)
        {
            TrialFigures? figures = null;
            IProgress<double>? told = CallerProgress.Of(progress);
            parts.Model.Invoke(() => figures = new Session(parts, this).Run(steps, limit, told, cancellation), JobKind.Training);
            return figures!;
        }
    }

    /// <summary>One training; on the executor thread.</summary>
    private sealed class Session(TrainingParts parts, Trial trial)
    {
        private readonly Node[] _activations = [.. parts.Graph.Nodes.Where(n => n.Layer is Activation).Take(MostLayers)];
        private readonly ParameterSlot[] _weights =
            [.. parts.Model.Store.Plan.Slots.Where(s => s.Spec.Role == ParameterRole.Weight)];

        public TrialFigures Run(int steps, TimeSpan limit, IProgress<double>? progress, CancellationToken cancellation)
        {
            ((double[] deadFirst, double[] saturated), double logits) = Probe();
            List<double> losses = [];
            List<int> right = [];
            List<double>[] updates = [.. _weights.Select(_ => new List<double>())];
            double[] gradients = new double[_weights.Length], weights = new double[_weights.Length];
            HashSet<int> looks = [0, .. Enumerable.Range(1, Looks).Select(i => steps * i / (Looks + 1))];
            int? diverged = null;
            int batchSize = 0;
            long start = Stopwatch.GetTimestamp();
            for (int step = 0; step < steps && diverged is null; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (step > TimedSteps && Stopwatch.GetElapsedTime(start) > limit)
                    break;
                int epoch = step / parts.Sampler.BatchCount;
                ReadOnlySpan<int> batch = parts.Sampler.Batch(epoch, step % parts.Sampler.BatchCount);
                batchSize = Math.Max(batchSize, batch.Length);
                float[][]? before = looks.Contains(step) ? [.. _weights.Select(Weights)] : null;
                StepResult done = parts.Step(batch, epoch, (uint)step, (float)(parts.Recipe.PeakLearningRate * RateAt(step, steps)));
                double loss = done.LossSumOrNaN / batch.Length;
                losses.Add(loss);
                right.Add(done.Correct);
                if (!double.IsFinite(loss))
                    diverged = step + 1;
                if (before is not null)
                    Look(before, step == 0, gradients, weights, updates);
                progress?.Report((step + 1.0) / steps);
                ThreadTeam.ServeQueued();
            }
            int last = Math.Max(1, (int)(LastShare * losses.Count));
            TimeSpan time = Stopwatch.GetElapsedTime(start) / losses.Count;
            double[] dead = diverged is null ? Probe().Item1.Dead : deadFirst;
            return new()
            {
                Steps = losses.Count,
                BatchSize = batchSize,
                Entropy = Entropy(),
                FirstLoss = losses[0],
                LastLoss = diverged is null ? losses.TakeLast(last).Average() : double.NaN,
                LastAccuracy = right.TakeLast(last).Average() / batchSize,
                DivergedAt = diverged,
                Fit = diverged is null ? Predict(trial._seen) : null,
                Held = diverged is null && trial.HasHeld ? Predict(trial._data.Validation) : null,
                Layers = [.. _activations.Select((n, i) => new LayerFigures(n.Name, deadFirst[i], dead[i], saturated[i]))],
                Gradients = [.. _weights.Select((s, i) => new GradientFigures(s.Name, weights[i], gradients[i],
                    updates[i].Order().ElementAtOrDefault(updates[i].Count / 2)))],
                FirstLogits = logits,
                StepTime = time,
            };
        }

        // As the run would have it, on a run of as many steps; warm-ups keep their share.
        private double RateAt(int step, int steps)
        {
            Schedule schedule = parts.Recipe.Schedule;
            double warmUp = Math.Min(0.9, schedule.WarmUpEpochs / parts.Recipe.Epochs);
            if (schedule.Kind is not (ScheduleKind.OneCycle or ScheduleKind.Cosine))
                schedule = new();
            return (schedule with { WarmUpEpochs = warmUp }).At(step, steps, 1, parts.Recipe.WarmUpFrom);
        }

        private double Entropy()
        {
            Split train = trial._data.Train;
            return -train.Indices.GroupBy(train.Dataset.LabelOf).Select(g => (double)g.Count() / train.Count).Sum(p => p * Math.Log(p));
        }

        private float[] Weights(ParameterSlot slot) => ParameterStore.Elements(slot, parts.Model.Store.Weights).ToArray();

        private void Look(float[][] before, bool isFirst, double[] gradients, double[] weights, List<double>[] updates)
        {
            for (int i = 0; i < _weights.Length; i++)
            {
                ReadOnlySpan<float> now = ParameterStore.Elements(_weights[i], parts.Model.Store.Weights),
                    gradient = ParameterStore.Elements(_weights[i], parts.Model.Store.Gradients);
                double change = 0, length = 0, slope = 0;
                for (int j = 0; j < now.Length; j++)
                {
                    double difference = now[j] - before[i][j];
                    change += difference * difference;
                    length += (double)before[i][j] * before[i][j];
                    slope += (double)gradient[j] * gradient[j];
                }
                double count = _weights[i].Spec.Count;
                if (isFirst)
                    (gradients[i], weights[i]) = (Math.Sqrt(slope / count), Math.Sqrt(length / count));
                updates[i].Add(length > 0 ? Math.Sqrt(change / length) : double.NaN);
            }
        }

        // The layers for some pictures, in evaluation; and the deviation of the logits.
        private ((double[] Dead, double[] Saturated), double Logits) Probe()
        {
            int count = Math.Min(ProbeSize, trial._seen.Count);
            ImagePipeline pipeline = new(parts.Preprocessing, trial._seen.Dataset.Channels);
            using BatchLoader loader = new(trial._seen.Dataset, pipeline, count);
            using Executor pass = parts.Model.Probe(count, new([.. _activations.Select(n => n.Index)]));
            loader.Load(trial._seen.Indices.AsSpan(0, count), pass);
            pass.Run();
            double[] dead = new double[_activations.Length], saturated = new double[_activations.Length];
            for (int i = 0; i < _activations.Length; i++)
            {
                ReadOnlySpan<float> values = pass.Kept(pass.Plan.Probe.Outputs[i]);
                dead[i] = _activations[i].Layer is ReLU ? DeadShare(values, count, _activations[i].Output) : 0;
                saturated[i] = Saturated(values, _activations[i].Layer);
            }
            double mean = 0, squares = 0;
            ReadOnlySpan<float> logits = pass.Logits;
            foreach (float logit in logits)
                (mean, squares) = (mean + logit / logits.Length, squares + (double)logit * logit / logits.Length);
            return ((dead, saturated), Math.Sqrt(Math.Max(0, squares - mean * mean)));
        }

        private static double DeadShare(ReadOnlySpan<float> values, int images, Shape shape)
        {
            int plane = shape.Height * shape.Width, dead = 0;
            for (int c = 0; c < shape.Channels; c++)
            {
                bool isDead = true;
                for (int i = 0; i < images && isDead; i++)
                    isDead = !values.Slice((i * shape.Channels + c) * plane, plane).ContainsAnyExcept(0);
                dead += isDead ? 1 : 0;
            }
            return (double)dead / shape.Channels;
        }

        private static double Saturated(ReadOnlySpan<float> values, Layer layer)
        {
            long saturated = 0;
            if (layer is Tanh)
                foreach (float value in values)
                    saturated += Math.Abs(value) > SaturatedTanh ? 1 : 0;
            else if (layer is Sigmoid)
                foreach (float value in values)
                    saturated += value is < (float)SaturatedSigmoid or > 1 - (float)SaturatedSigmoid ? 1 : 0;
            return (double)saturated / Math.Max(1, values.Length);
        }

        private SplitFigures Predict(Split split)
        {
            ImagePipeline pipeline = new(parts.Preprocessing, split.Dataset.Channels);
            using Evaluator evaluator = new(parts.Model, split, pipeline, Math.Min(parts.MicroBatchSize, split.Count));
            Predictions? predictions = null;
            if (parts.Average is { } average)
                average.With(() => (predictions = evaluator.Predict(TestTimeAugmentation.None, null, CancellationToken.None)) is not null);
            else
                predictions = evaluator.Predict(TestTimeAugmentation.None, null, CancellationToken.None);
            return SplitFigures.Of(predictions!);
        }
    }
}
