using System.Collections.Concurrent;
using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Kernels;
using Convolve.Kernels.Threads;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Training;

namespace Convolve.Tests.Training;

/// <summary>
/// Many threads use one classifier, also while a training runs in the same process: each gets the answer to its own pictures.
/// </summary>
public sealed class ConcurrencyTests : IDisposable
{
    private const int Callers = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();
    private readonly DataSplits _splits = TrainingData.Splits();
    private readonly Classifier _classifier;

    public ConcurrencyTests()
    {
        using (Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, _splits, TrainingData.Recipe with { Epochs = 1 }))
            trainer.Fit();
        _classifier = Classifier.Load(_folder["run"]);
    }

    public void Dispose()
    {
        _classifier.Dispose();
        _folder.Dispose();
    }

    private Dataset Pictures => _splits.Test.Dataset;

    // Larger batches come after smaller ones, so the arena grows in between; there are more sizes than passes that are kept.
    [Fact]
    public void Calls_of_any_batch_size_get_the_bits_that_they_get_alone()
    {
        const int Calls = 5000, Sizes = 24;
        float[][] inputs = [.. Enumerable.Range(0, Sizes).Select(i => Input(i + 1, i))], expected = [.. inputs.Select(Forward)];
        float[][] pictures = [.. Enumerable.Range(0, Pictures.Count).Select(Predict)];
        using Classifier asked = Classifier.Load(_folder["run"]); // has no pass yet
        int wrong = 0;
        Together(caller =>
        {
            for (int call = caller; call < Calls; call += Callers)
            {
                int which = call * 7 % Sizes, picture = call * 11 % pictures.Length;
                if (call % 3 == 0 ? !Bits(asked.Predict(Pictures.PixelsOf(picture), Pictures.SizeOf(picture)), pictures[picture])
                    : !Bits(Forward(asked, inputs[which]), expected[which]))
                    Interlocked.Increment(ref wrong);
            }
        });
        Assert.Equal(0, wrong);
        Assert.InRange(asked.Model.PassCount, 1, ExecutorCache.MostOfAKind);
    }

    [Fact]
    public void Parameters_files_and_evaluations_are_safe_beside_predictions()
    {
        float[] bias = new float[TrainingData.Classes], answer = Predict(0);
        _classifier.Model.ReadParameter("fc2.bias", bias);
        Evaluation evaluation = _classifier.Evaluate(_splits.Test, 16);
        double[] logits = [.. _classifier.PredictAll(_splits.Test, 16).All.Select(p => p.Confidence)];
        int round = 0;
        Together(caller =>
        {
            for (int i = 0; i < 60; i++)
            {
                switch (caller)
                {
                    case 0:
                        float[] read = new float[bias.Length];
                        _classifier.Model.ReadParameter("fc2.bias", read);
                        Assert.Equal(bias, read);
                        break;
                    case 1:
                        _classifier.Model.WriteParameter("fc2.bias", bias);
                        break;
                    case 2:
                        _classifier.Save(_folder[$"{Interlocked.Increment(ref round)}.safetensors"]);
                        Assert.True(_classifier.Model.MemoryBytes > 0);
                        break;
                    case 3:
                        Assert.Equal(evaluation,
                            _classifier.Evaluate(_splits.Test, 16) with { ImagesPerSecond = evaluation.ImagesPerSecond });
                        break;
                    case 4:
                        Assert.Equal(logits, _classifier.PredictAll(_splits.Test, 16).All.Select(p => p.Confidence));
                        break;
                    default:
                        Assert.Equal(answer, Predict(0));
                        break;
                }
            }
        });
        Assert.All(Enumerable.Range(1, round), i =>
            Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["run"], "model.safetensors")),
            File.ReadAllBytes(_folder[$"{i}.safetensors"])));
    }

    // The training has no end but the one that the predictions make: if they waited for it, they would get their answers from its
    // cancellation alone.
    [Fact]
    public async Task Predictions_are_served_between_the_steps_of_a_training_and_of_its_evaluations()
    {
        float[] answer = Predict(3);
        using CancellationTokenSource enough = new(Patience);
        using ManualResetEventSlim begun = new();
        using Trainer trainer = new(TrainingData.Network, _splits, TrainingData.Recipe with { Epochs = 1_000_000 });
        Task<TrainingResult> training = Task.Run(() => trainer.Fit(new Told(_ => begun.Set()), enough.Token));
        Assert.True(begun.Wait(Patience));
        Together(_ =>
        {
            for (int i = 0; i < 100; i++)
                Assert.Equal(answer, Predict(3));
        });
        Assert.True(trainer.Classifier.Evaluate(_splits.Test).Images == _splits.Test.Count
            && _classifier.PredictAll(_splits.Test).Count == _splits.Test.Count);
        Assert.False(enough.IsCancellationRequested || training.IsCompleted);
        enough.Cancel();
        await Assert.ThrowsAsync<OperationCanceledException>(() => training);
    }

    [Fact]
    public async Task Bits_of_a_training_do_not_depend_on_what_it_serves()
    {
        Recipe recipe = TrainingData.Recipe with { AverageDecay = 0.9f, MicroBatchSize = 5, Epochs = 4 };
        using Trainer alone = new(TrainingData.Network, _splits, recipe), asked = new(TrainingData.Network, _splits, recipe);
        alone.Fit();
        using CancellationTokenSource over = new();
        ConcurrentBag<string> names = [];
        Task[] callers = [.. Enumerable.Range(0, 3).Select(caller => Task.Run(() =>
        {
            while (!over.IsCancellationRequested)
            {
                asked.Classifier.Predict(Pictures.PixelsOf(caller), Pictures.SizeOf(caller));
                asked.Classifier.Model.ReadParameter("fc2.weight", new float[20 * TrainingData.Classes]); // uses the gradients' memory
                names.Add("asked");
            }
        }))];
        TrainingResult result = asked.Fit(new Told(progress => Forward(asked.Classifier, Input(70, 1)))); // the arena grows in the middle
        over.Cancel();
        await Task.WhenAll(callers);
        Assert.NotEmpty(names);
        Assert.Equal(recipe.Epochs, result.Epochs.Count);
        Assert.Equal(Weights(alone.Classifier), Weights(asked.Classifier));
    }

    [Fact]
    public void A_callback_may_predict_train_and_wait_for_others_that_do()
    {
        float[] answer = Predict(5);
        int told = 0;
        using Trainer trainer = new(TrainingData.Network, _splits, TrainingData.Recipe);
        Thread caller = Thread.CurrentThread;
        trainer.Fit(new Told(progress =>
        {
            Assert.Same(caller, Thread.CurrentThread);
            Assert.Equal(answer, Predict(5));
            Assert.True(Task.Run(() => Bits(answer, Predict(5))).Wait(Patience));
            if (progress is not EpochProgress)
                return;
            told++;
            _classifier.Evaluate(_splits.Test, 8, new Share(_ => Assert.True(Task.Run(() => Bits(answer, Predict(5))).Wait(Patience))));
            using Trainer inner = new(TrainingData.Network, _splits, TrainingData.Recipe with { Epochs = 1 });
            inner.Fit(new Told(_ => Predict(5)));
        }));
        Assert.Equal(TrainingData.Recipe.Epochs, told);
        ThreadTeam.Invoke(() => Assert.Equal(answer, Predict(5)));
        Assert.Equal("from the callback", Assert.Throws<FormatException>(() =>
        {
            using Trainer failing = new(TrainingData.Network, _splits, TrainingData.Recipe);
            failing.Fit(new Told(_ => throw new FormatException("from the callback")));
        }).Message);
    }

    [Fact]
    public void Disposing_waits_for_the_call_that_runs_and_refuses_later_ones()
    {
        for (int round = 0; round < 10; round++)
        {
            Classifier classifier = Classifier.Load(_folder["run"]);
            float[] answer = Predict(0);
            int answers = 0;
            Together(caller =>
            {
                if (caller == 0)
                {
                    SpinWait.SpinUntil(() => Volatile.Read(ref answers) > 20);
                    classifier.Dispose();
                    return;
                }
                void Ask()
                {
                    for (int i = 0; i < int.MaxValue; i++)
                    {
                        Forward(classifier, Input(1 + i % 20, 0));
                        Assert.Equal(answer, classifier.Predict(Pictures.PixelsOf(0), Pictures.SizeOf(0)));
                        Interlocked.Increment(ref answers);
                    }
                }
                Assert.Throws<ObjectDisposedException>(Ask);
            });
            Assert.Throws<ObjectDisposedException>(() => classifier.Evaluate(_splits.Test));
            Assert.Throws<ObjectDisposedException>(() => classifier.Save(_folder["disposed.safetensors"]));
        }
    }

    [Fact]
    public void A_trainer_that_is_disposed_while_it_trains_ends_so()
    {
        using ManualResetEventSlim begun = new();
        Trainer trainer = new(TrainingData.Network, _splits, TrainingData.Recipe with { Epochs = 1_000_000 });
        Task training = Task.Run(() => trainer.Fit(new Told(_ => begun.Set())));
        Assert.True(begun.Wait(Patience));
        trainer.Dispose();
        Assert.IsType<ObjectDisposedException>(Assert.Throws<AggregateException>(() => training.Wait(Patience)).InnerException);
    }

    // Two models whose plans are for teams of different sizes take turns: each runs on its own.
    [Fact]
    public void Models_of_different_team_sizes_do_not_disturb_each_other()
    {
        using Classifier one = Classifier.Load(_folder["run"], new() { Threads = 1 }),
            three = Classifier.Load(_folder["run"], new() { Threads = 3 });
        float[] input = Input(40, 2), expectedOne = Forward(one, input), expectedThree = Forward(three, input);
        Together(caller =>
        {
            for (int i = 0; i < 50; i++)
                Assert.True(caller % 2 == 0 ? Bits(expectedOne, Forward(one, input)) : Bits(expectedThree, Forward(three, input)));
        });
    }

    [Fact]
    public async Task All_of_it_holds_in_a_process_of_one_thread()
    {
        const string Variable = "CONVOLVE_TEST_ONE_THREAD";
        if (Environment.GetEnvironmentVariable(Variable) is not null)
        {
            Assert.Equal(1, ThreadTeam.Resolve(0));
            return;
        }
        Assert.Equal(9, await ChildTests.Run(typeof(ConcurrencyTests).Assembly, $"FullyQualifiedName~{nameof(ConcurrencyTests)}",
            ("OMP_NUM_THREADS", "1"), (Variable, "1")));
    }

    private static void Together(Action<int> action)
    {
        ConcurrentBag<Exception> errors = [];
        Thread[] threads = [.. Enumerable.Range(0, Callers).Select(caller => new Thread(() =>
        {
            try
            {
                action(caller);
            }
            catch (Exception e)
            {
                errors.Add(e);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(Patience), "a caller has no answer yet"));
        Assert.Empty(errors);
    }

    private static float[] Input(int images, int seed)
    {
        CounterRandom random = new((uint)seed, RandomPurpose.Test, 77);
        float[] values = new float[images * TrainingData.Size.Length];
        foreach (ref float value in values.AsSpan())
            value = random.NextInt32(1000) / 250f - 2;
        return values;
    }

    private float[] Forward(float[] input) => Forward(_classifier, input);

    private static float[] Forward(Classifier classifier, float[] input)
    {
        float[] result = new float[input.Length / TrainingData.Size.Length * TrainingData.Classes];
        classifier.Model.Forward(input, result);
        return result;
    }

    private float[] Predict(int picture) => _classifier.Predict(Pictures.PixelsOf(picture), Pictures.SizeOf(picture));

    private static float[][] Weights(Classifier classifier) => [.. classifier.Model.Store.Plan.Slots.Select(slot =>
    {
        float[] values = new float[slot.Spec.Count];
        classifier.Model.ReadParameter(slot.Name, values);
        return values;
    })];

    private static bool Bits(float[] one, float[] other) => one.AsSpan().SequenceEqual(other);

    private sealed class Share(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }
}
