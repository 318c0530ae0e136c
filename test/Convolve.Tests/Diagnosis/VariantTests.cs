using Convolve.Diagnosis;
using Convolve.Tests.Training;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Diagnosis;

/// <summary>Which learning rates the doctor finds unusual: LARS's are a thousand times those of gradient descent.</summary>
public class VariantTests
{
    [Fact]
    public void The_rates_of_LARS_are_usual()
    {
        foreach (Lars rule in new Lars[] { new(), new() { LearningRate = 30 }, new() { LearningRate = 1, TrustCoefficient = 0.02f } })
            Assert.Empty(Unusual(new() { Network = "", Dataset = "", Optimizer = rule }));
    }

    [Fact]
    public void Rates_far_off_are_unusual()
    {
        Assert.Contains(Fault.RateTooHigh, Unusual(new() { Network = "", Dataset = "", Optimizer = new Lars { LearningRate = 2000 } }));
        Assert.Contains(Fault.RateTooLow, Unusual(new() { Network = "", Dataset = "", Optimizer = new Lars { LearningRate = 0.01f } }));
        Assert.Contains(Fault.MomentumTooHigh, Unusual(new() { Network = "", Dataset = "", Optimizer = new Lars { Momentum = 0.99f } }));
        Assert.Contains(Fault.MomentumTooHigh, Unusual(new() { Network = "", Dataset = "", Optimizer = new Adam { Beta1 = 0.999f } }));
    }

    [Fact]
    public void A_rate_counts_as_it_is_scaled_to_the_batch()
    {
        Recipe recipe = new() { Network = "", Dataset = "", BatchSize = 8192, Optimizer = new Sgd { LearningRate = 0.1f } };
        Assert.Empty(Unusual(recipe));
        Assert.Contains(Fault.RateTooHigh, Unusual(recipe with { BaseBatchSize = 128 }));
    }

    private static Fault[] Unusual(Recipe recipe) =>
        [.. Variant.All(TrainingData.Network, recipe, TrainingData.Size).Where(v => v.IsUnusual).Select(v => v.Fault).Distinct()];
}
