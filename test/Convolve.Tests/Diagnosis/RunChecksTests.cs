using Convolve.Diagnosis;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Diagnosis;

/// <summary>What the doctor sees in the epochs of a run.</summary>
public sealed class RunChecksTests
{
    private static readonly Recipe Recipe = TrainingData.Recipe with { Epochs = 10 };

    [Fact]
    public void A_run_that_ended_too_early_is_named_and_one_whose_rate_came_down_is_not()
    {
        EpochProgress[] falling = [Epoch(1, 2), Epoch(2, 1.5), Epoch(3, 1.2)], settled = [Epoch(1, 2), Epoch(2, 1.5), Epoch(3, 1.49)];
        Finding finding = RunChecks.TooFewEpochs(falling, Recipe)!;
        Assert.Equal((Fault.TooFewEpochs, "the run ended while it was still getting better: 3 epochs are too few"),
            (finding.Fault, finding.Cause));
        Assert.Null(RunChecks.TooFewEpochs(settled, Recipe));
        Assert.Null(RunChecks.TooFewEpochs(falling[..1], Recipe));
        Assert.Null(RunChecks.TooFewEpochs(falling, Recipe with { Schedule = new() { Kind = ScheduleKind.OneCycle } }));
        Assert.Null(RunChecks.TooFewEpochs([.. falling[..2], falling[2] with { LearningRate = 0.001 }], Recipe));
    }

    [Fact]
    public void Notes_of_a_run_become_findings_and_symptoms_do_not()
    {
        Assert.Equal(Fault.RateTooHigh, RunChecks.Of(new(TrainingNoteKind.Collapse, 3, "text"), Recipe)?.Fault);
        Assert.Equal(Fault.Overfitting, RunChecks.Of(new(TrainingNoteKind.Overfitting, 3, "text"), Recipe)?.Fault);
        Assert.Equal("epoch 3: text", RunChecks.Of(new(TrainingNoteKind.Oscillating, 3, "text"), Recipe)?.Evidence);
        Assert.Null(RunChecks.Of(new(TrainingNoteKind.Stalled, 3, "text"), Recipe));
        Assert.Null(RunChecks.Of(new(TrainingNoteKind.NotLearning, 3, "text"), Recipe));
    }

    private static EpochProgress Epoch(int epoch, double loss) =>
        new(epoch, 10, loss, 0.5, loss, 0.5, 0.1, 1000, TimeSpan.FromSeconds(1), TimeSpan.Zero, IsBest: true);
}
