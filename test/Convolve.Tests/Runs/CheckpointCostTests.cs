using System.Diagnostics;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Kernels.Threads;
using Convolve.Runs;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Runs;

public class CheckpointCostTests
{
    // 46.8 million weights and their velocities: 357 MiB.
    [Fact, Trait("Category", "Slow")]
    public void A_checkpoint_of_AlexNet_costs_less_than_a_fiftieth_of_an_epoch_of_Fashion_MNIST()
    {
        const int Batch = 128, StepsOfAnEpoch = 54_000 / Batch;
        using TemporaryFolder folder = new();
        Dataset noise = TrainingData.Noise(Batch, 1, new(1, 28, 28), 10);
        Split all = new("train", noise, [.. Enumerable.Range(0, Batch)]);
        DataSplits splits = new(all, new("validation", noise, []), new("test", noise, [0]));
        Recipe recipe = new()
        {
            Network = "alexnet-d2l",
            Dataset = "noise",
            BatchSize = Batch,
            Optimizer = new Sgd { LearningRate = 1e-4f, Momentum = 0.9f }
        };
        using TrainingParts parts = new(Zoo.AlexNet.D2L(), splits, recipe);
        using RunFolder run = RunFolder.Create(folder["run"], recipe, parts.Graph, []);
        RunRecord record = new(parts, run, new());
        List<double> steps = [], saves = [];
        ThreadTeam.Invoke(() =>
        {
            for (int i = 0; i < 5; i++)
            {
                steps.Add(Seconds(Step));
                saves.Add(Seconds(() => record.Save(new() { Step = i })));
            }
        });
        long bytes = new FileInfo(run.Checkpoints.Files[0]).Length, weights = 2 * sizeof(float) * parts.Graph.ParameterCount;
        Assert.InRange(bytes, weights, weights + 20_000);
        (double step, double save) = (steps.Order().ElementAt(2), saves.Order().ElementAt(2));
        Assert.True(save < 0.02 * step * StepsOfAnEpoch, $"{save:F2} s for {bytes / 1e6:F0} MB beside steps of {step:F3} s");

        void Step()
        {
            Executor pass = parts.Model.Training(Batch);
            parts.Loader.Load(parts.Sampler.Batch(0, 0), pass);
            pass.Run();
            parts.Optimizer.Step(1e-4f);
        }

        static double Seconds(Action action)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
