using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Training;

namespace Convolve.Tests.Training;

/// <summary>What a run takes in addition to its plans is shown part by part, and adds up.</summary>
public class RunMemoryTests
{
    private const int Nodes = 8; // of TrainingData.Network, the input included

    [Fact]
    public void TheTotalIsTheSumOfItsParts()
    {
        MemoryBudget budget = new(1, 20, 300, 4000, 50000);
        Assert.Equal((4321, 54321), (budget.GrowthBytes, budget.TotalBytes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TheBestWeightsCountWhereTheyStayInMemory(bool keepsWeights)
    {
        Graph graph = TrainingData.Network;
        DataSplits data = TrainingData.Splits(150, 43, 0.2);
        MemoryBudget budget = RunMemory.OfTraining(1000, graph, data, keepsWeights, 7);
        Assert.Equal(1000, budget.PlanBytes);
        Assert.Equal(7, budget.ProcessBytes);
        Assert.Equal((150 + 43) * 4 + Machine.Threads * 144 * 5, budget.LoaderBytes);
        Assert.Equal(43 * 5 * 4 + (keepsWeights ? graph.ParameterCount * 4 : 0), budget.EvaluationBytes);
        Assert.Equal(Nodes, graph.Nodes.Count);
        Assert.Equal((24 << 20) + Nodes * (84 << 10) + (keepsWeights ? 0 : 10 << 20), budget.RuntimeBytes);
    }

    [Fact]
    public void ATrainerEstimatesAndMeasuresItsProcess()
    {
        using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(), TrainingData.Recipe);
        TrainingResult result = trainer.Fit();
        Assert.Equal(trainer.EstimatedMemoryBytes, result.Memory!.PlanBytes);
        Assert.InRange(result.Memory.ProcessBytes, 1 << 20, result.PeakMemoryBytes);
    }
}
