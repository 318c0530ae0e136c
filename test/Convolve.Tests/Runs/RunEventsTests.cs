using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Formats;
using Convolve.Formats.TensorBoard;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Reporting;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Runs;

/// <summary>What a run tells others while it trains: TensorBoard's event files, metrics.csv, the meter.</summary>
public sealed class RunEventsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static Recipe Recipe => TrainingData.Recipe with { Precision = Precision.Float32, Clipping = new(Norm: 100) };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Events_are_those_of_the_log()
    {
        DataSplits splits = TrainingData.Splits();
        using Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, splits, Recipe, new() { HasHistograms = true });
        TrainingResult result = trainer.Fit();
        (long Step, string Tag, float Value)[] scalars = [.. EventReader.ScalarsOfRun(_folder["run"])];
        Assert.Equal(24, scalars.Count(s => s.Tag == "train:loss/batch")); // 3 epochs of 8 steps
        Assert.Equal(Enumerable.Range(1, 24).Select(i => (long)i), scalars.Where(s => s.Tag == "train:gradient norm").Select(s => s.Step));
        foreach (EpochProgress epoch in result.Epochs)
        {
            (string, double)[] expected =
            [
                ("train:loss/epoch", epoch.TrainLoss), ("train:accuracy/epoch", epoch.TrainAccuracy),
                ("validation:loss/epoch", epoch.ValidationLoss!.Value),
                ("validation:accuracy/epoch", epoch.ValidationAccuracy!.Value), ("train:epoch", epoch.Epoch),
            ];
            foreach ((string tag, double value) in expected)
                Assert.Contains((epoch.Epoch * 8L, tag, (float)value), scalars);
        }
        // The epoch's loss is the mean over its batches, by their images: seven of 16 and one of 8.
        float[] batches = [.. scalars.Where(s => s.Tag == "train:loss/batch").Take(8).Select(s => s.Value)];
        Assert.Equal(result.Epochs[0].TrainLoss, (batches.Take(7).Sum(b => 16.0 * b) + 8.0 * batches[7]) / 120, 1e-5);
        WireMessage[] histograms = [.. Values(Single("run/train")).Where(v => v.Value.Has(5)).Select(v => v.Value)];
        Assert.Equal(3 * 2 * 6, histograms.Length); // weights and gradients of three layers' two parameters, in three epochs
        WireMessage last = histograms.Last(h => h.Text(1) == "weights/conv1.weight").Messages(5)[0];
        float[] weights = new float[72];
        using (SafeTensorsFile file = SafeTensorsFile.Open(Directory.GetFiles(_folder["run/checkpoint"]).Max(StringComparer.Ordinal)!))
            file.ReadFloats("conv1.weight", weights);
        Assert.Equal((72, weights.Min(), weights.Max()), (last.Double(3), (float)last.Double(1), (float)last.Double(2)));
        Assert.Equal(weights.Sum(w => (double)w), last.Double(4), 1e-6);
        Assert.True(histograms.Last(h => h.Text(1) == "gradients/fc2.bias").Messages(5)[0].Double(5) > 0);
        Assert.Equal([("test/accuracy", (float)result.Test.Accuracy), ("test/loss", (float)result.Test.Loss)],
            scalars.Where(s => s.Tag.StartsWith("test/", StringComparison.Ordinal)).Select(s => (s.Tag, s.Value)));
    }

    // Numbers and names as in tensorboard/plugins/hparams/plugin_data.proto, read by hand.
    [Fact]
    public void The_recipe_is_in_the_table_of_hyperparameters()
    {
        using (Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe with { Epochs = 1 }))
            trainer.Fit();
        WireMessage[] sessions = [.. Values(Single("run")).Where(v => v.Value.Has(9)).Select(v => v.Value)];
        Assert.Equal(["_hparams_/session_start_info", "_hparams_/session_end_info"], sessions.Select(s => s.Text(1)));
        Assert.All(sessions, s => Assert.Equal("hparams", s.Messages(9)[0].Messages(1)[0].Text(1)));
        // float32, one dimension, of 0
        Assert.All(sessions, s => Assert.Equal((1L, 1), (s.Messages(8)[0].Int64(1), s.Messages(8)[0].Messages(2)[0].Messages(2).Count)));
        WireMessage start = WireMessage.Parse(sessions[0].Messages(9)[0].Messages(1)[0].Bytes(2)).Messages(3)[0];
        Dictionary<string, WireMessage> values = start.Messages(1).ToDictionary(entry => entry.Text(1), entry => entry.Messages(2)[0]);
        Assert.Equal((1.0, "sgd", "Float32", 1L),
            (values["epochs"].Double(2), values["optimizer.rule"].Text(3), values["precision"].Text(3), values["exact"].Int64(4) + 1));
        Assert.False(values.ContainsKey("early_stopping"));
        WireMessage end = WireMessage.Parse(sessions[1].Messages(9)[0].Messages(1)[0].Bytes(2)).Messages(4)[0];
        Assert.Equal(1, end.Int64(1));
        Assert.InRange(end.Double(2) - start.Double(5), 0, 60);
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        using (Trainer more = run.Resume(TrainingData.Splits(), Recipe with { Epochs = 2 }))
            more.Fit();
        WireMessage again = Values(Single("run")).First(v => v.Value.Has(9)).Value;
        Assert.Equal(2, WireMessage.Parse(again.Messages(9)[0].Messages(1)[0].Bytes(2)).Messages(3)[0].Messages(1)
            .Single(entry => entry.Text(1) == "epochs").Messages(2)[0].Double(2));
    }

    [Fact]
    public void Another_batch_size_leaves_the_axis_of_steps_whole()
    {
        using (Trainer first = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe with { Epochs = 1 }))
            first.Fit();
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        using (Trainer second = run.Resume(TrainingData.Splits(), Recipe with { Epochs = 3, BatchSize = 60 }))
            second.Fit();
        Assert.Equal(Enumerable.Range(1, 8 + 2 * 2).Select(i => (long)i),
            EventReader.ScalarsOfRun(_folder["run"]).Where(s => s.Tag == "train:loss/batch").Select(s => s.Step));
        Assert.Equal([8L, 10, 12], EventReader.ScalarsOfRun(_folder["run"]).Where(s => s.Tag == "validation:accuracy/epoch")
            .Select(s => s.Step));
    }

    // Version 0.1.0 wrote one file, in the run folder itself.
    [Fact]
    public void The_file_of_an_old_run_goes_on_being_shown()
    {
        using (Trainer first = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe))
            first.Fit(null, TimeSpan.Zero);
        Directory.Delete(_folder["run/train"], recursive: true);
        File.Delete(Single("run"));
        using (EventLog old = new(_folder["run"]))
            for (int step = 1; step < 5; step++)
                old.AddScalars(step, ("loss/batch", step));
        using (Trainer second = RunFolder.Open(_folder["run"]).Resume(TrainingData.Splits()))
            second.Fit();
        Assert.Equal([(1L, 1f)], EventReader.ScalarsOf(_folder["run"]).Where(s => s.Tag == "loss/batch").Select(s => (s.Step, s.Value)));
        Assert.Equal(Enumerable.Range(2, 23).Select(i => (long)i),
            EventReader.ScalarsOf(_folder["run/train"]).Where(s => s.Tag == "loss/batch").Select(s => s.Step));
    }

    // Of a large layer, beside the same run without them: what the histograms are made of isn't copied.
    [Fact]
    public void Histograms_take_no_memory_of_their_own()
    {
        long without = Allocated(hasHistograms: false), with = Allocated(hasHistograms: true);
        Assert.InRange(with - without, 1, 1 << 20); // fc1 has 2.3 MB
    }

    private long Allocated(bool hasHistograms)
    {
        Convolve.Graphs.Graph graph = Convolve.Graphs.Graph.Sequential("wide", (1, 12, 12),
            [new Flatten(), new Linear(4000), new ReLU(), new Linear(TrainingData.Classes)]);
        using Trainer trainer = RunFolder.Begin(_folder[$"run-{hasHistograms}"], graph, TrainingData.Splits(), Recipe with { Epochs = 2 },
            new() { HasHistograms = hasHistograms });
        long before = 0, taken = 0;
        trainer.Fit(new Told(progress =>
        {
            if (progress is StepProgress { Step: 8, Epoch: 2 })
                before = GC.GetTotalAllocatedBytes(precise: true); // the training has a thread of its own
            if (progress is EpochProgress { Epoch: 2 })
                taken = GC.GetTotalAllocatedBytes(precise: true) - before;
        }));
        Assert.True(before > 0);
        return taken;
    }

    // Blocks of channels are padded with zeros, which are no weights.
    [Fact]
    public void Padding_is_not_in_histograms()
    {
        float[] values = [.. Enumerable.Range(1, 100).Select(i => i * 0.1f), .. new float[28]];
        Assert.Equal(ValueHistogram.Of(values.AsSpan(0, 100)), ValueHistogram.Of(values, padding: 28));
        HistogramMessage one = ValueHistogram.Of(values, padding: 27);
        Assert.Equal((101.0, 0.0), (one.Num, one.Min));
    }

    [Fact]
    public void A_resumed_run_says_from_where_earlier_files_are_void()
    {
        DataSplits splits = TrainingData.Splits();
        using (Trainer first = RunFolder.Begin(_folder["run"], TrainingData.Network, splits, Recipe))
            first.Fit(null, TimeSpan.Zero);
        using (Trainer second = RunFolder.Open(_folder["run"]).Resume(splits))
            second.Fit();
        Assert.Single(Directory.GetFiles(_folder["run/validation"]));
        string[] files = [.. Directory.GetFiles(_folder["run/train"], "events.out.*").Order(StringComparer.Ordinal)];
        Assert.Equal(2, files.Length);
        Assert.DoesNotContain(EventReader.Read(files[0]), e => e.Has(7));
        WireMessage start = EventReader.Read(files[1]).Single(e => e.Has(7));
        Assert.Equal((2, 1), (start.Int64(2), start.Messages(7)[0].Int64(1)));
        Assert.Equal(Enumerable.Range(2, 23).Select(i => (long)i),
            EventReader.Scalars(EventReader.Read(files[1])).Where(s => s.Tag == "loss/batch").Select(s => s.Step));
        Assert.Equal(4, File.ReadAllLines(_folder["run/metrics.csv"]).Length);
    }

    [Fact]
    public void A_run_that_diverges_shows_how()
    {
        using Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(),
            Recipe with { Optimizer = new Sgd { LearningRate = 1e20f }, Clipping = new() });
        Assert.Throws<TrainingException>(() => trainer.Fit());
        float[] losses = [.. EventReader.ScalarsOfRun(_folder["run"]).Where(s => s.Tag == "train:loss/batch").Select(s => s.Value)];
        Assert.True(losses.Length > 1 && float.IsFinite(losses[0]) && !float.IsFinite(losses[^1]));
    }

    [Fact]
    public void The_table_has_what_the_log_has()
    {
        using Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(validation: 0), Recipe);
        trainer.Fit();
        string[][] table = [.. File.ReadAllLines(_folder["run/metrics.csv"]).Select(line => line.Split(','))];
        JsonObject[] log = [.. MetricsLog.Read(_folder["run/metrics.jsonl"]).Where(l => l.ContainsKey("epoch"))];
        Assert.Equal(log[0].Select(p => p.Key), table[0]);
        Assert.Equal(log.Length, table.Length - 1);
        foreach ((JsonObject line, string[] row) in log.Zip(table.Skip(1)))
            foreach ((string name, string cell) in table[0].Zip(row))
                Assert.Equal(line[name] switch
                {
                    null => "",
                    JsonValue v when v.TryGetValue(out bool flag) => flag ? "1" : "0",
                    JsonValue v => v.GetValue<double>().ToString("R", CultureInfo.InvariantCulture),
                    _ => "?"
                }, cell);
    }

    [Fact]
    public void The_meter_counts_images_and_times_steps()
    {
        long images = 0;
        int steps = 0, losses = 0;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Meter.Name == TrainingMeter.Name)
                own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
            Interlocked.Add(ref images, instrument.Name == "convolve.training.images" ? value : 0));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) =>
        {
            if (instrument.Name == "convolve.training.step.duration" && value is > 0 and < 60)
                Interlocked.Increment(ref steps);
            if (instrument.Name == "convolve.training.loss" && value is > 0 and < 100)
                Interlocked.Increment(ref losses);
        });
        listener.Start();
        using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(), Recipe with { Epochs = 1 });
        trainer.Fit();
        // Other trainings of this process may be heard too.
        Assert.True(images >= 120 && steps >= 8 && losses >= 8, $"{images} {steps} {losses}");
    }

    [Fact]
    public void The_grid_of_predictions_is_a_picture_in_the_events()
    {
        DataSplits splits = TrainingData.Splits();
        using Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, splits, Recipe);
        trainer.Fit();
        string[] before = Directory.GetFiles(_folder["run"], "events.out.*");
        PredictionGrid.Log(_folder["run"], EvaluatedRun.Of(_folder["run"], trainer.Classifier, splits), trainer.Steps);
        (_, WireMessage value) = Values(Directory.GetFiles(_folder["run"], "events.out.*").Except(before).Single()).Single();
        Assert.Equal("predictions/test: wrong and sure, least certain, right", value.Text(1));
        WireMessage image = value.Messages(4)[0];
        Assert.Equal((0x89, (byte)'P', 3L), (image.Bytes(4)[0], image.Bytes(4)[1], image.Int64(3)));
        Assert.InRange(image.Int64(1), 500, 700); // three rows of pictures, with names under them
        Assert.InRange(image.Int64(2), 900, 1100);
    }

    private string Single(string run) => Assert.Single(Directory.GetFiles(_folder[run], "events.out.*"));

    private static IEnumerable<(long Step, WireMessage Value)> Values(string file) =>
        EventReader.Read(file).Where(e => e.Has(5)).SelectMany(e => e.Messages(5)[0].Messages(1).Select(v => (e.Int64(2), v)));
}
