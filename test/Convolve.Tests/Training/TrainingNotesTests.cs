using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

/// <summary>What a training notices of itself.</summary>
public sealed class TrainingNotesTests
{
    private static readonly double Guessing = Math.Log(10);
    private static readonly Recipe Recipe = TrainingData.Recipe with { Epochs = 200 };

    [Fact]
    public void A_sound_run_has_no_notes()
    {
        Assert.Empty(Notes(2.1, 1.2, 0.8, 0.9, 0.7, 0.6, 0.62, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.04, 0.045, 0.06, 0.05, 0.03));
        Assert.Empty(Notes(0.01, 0.02, 0.03, 0.05, 0.04, 0.03)); // near nothing, ups are nothing
    }

    [Fact]
    public void A_loss_that_is_that_of_guessing_again_is_a_collapse_and_said_once()
    {
        TrainingNote note = Assert.Single(Notes(2.1, 0.5, 0.062, 1.1, Guessing, Guessing, Guessing));
        Assert.Equal(new(TrainingNoteKind.Collapse, 5,
            "the training loss is back at 2.3026, the loss of guessing (ln 10 = 2.3026), after 0.0620 in epoch 3: the network has " +
            "collapsed"), note);
        Assert.Equal("collapse", note.KindName);
    }

    [Fact]
    public void A_loss_far_above_its_lowest_for_three_epochs_is_said()
    {
        Assert.Equal(new TrainingNote(TrainingNoteKind.Rising, 5, "the training loss has risen from 0.0400 in epoch 2 to 1.0300"),
            Assert.Single(Notes(0.4, 0.04, 0.4, 0.7, 1.03, 1.1, 1.2)));
        Assert.Empty(Notes(0.4, 0.04, 0.4, 0.7, 0.05, 0.4, 0.7, 0.03)); // two are a bad moment
    }

    [Fact]
    public void A_network_that_has_not_begun_to_learn_is_told_of_in_time()
    {
        TrainingNote note = Assert.Single(Notes([.. Enumerable.Repeat(2.3024, 45)]), n => n.Kind == TrainingNoteKind.NotLearning);
        Assert.Equal(40, note.Epoch); // a fifth of 200 epochs
        Assert.DoesNotContain(Notes([.. Enumerable.Repeat(2.3024, 39), 1.5, 1.0]), n => n.Kind == TrainingNoteKind.NotLearning);
    }

    [Fact]
    public void A_loss_that_turns_again_and_again_is_said()
    {
        TrainingNote note = Assert.Single(Notes(2, 1.2, 0.6, 0.9, 0.5, 0.8, 0.45, 0.7, 0.4, 0.65));
        Assert.Equal(("oscillating", 8, "the training loss has turned 5 times in 8 epochs, by more than 10 % each time"),
            (note.KindName, note.Epoch, note.Text));
        Assert.Empty(Notes(2, 1.2, 0.6, 0.62, 0.5, 0.53, 0.45, 0.47, 0.4, 0.42)); // a little up, and down again
    }

    [Fact]
    public void A_validation_loss_that_rises_while_the_training_loss_falls_is_said()
    {
        (double Train, double Validation)[] losses = [(2, 1.9), (1.2, 1.1), (0.7, 0.9), (0.4, 1), (0.2, 1.2), (0.1, 1.3), (0.05, 1.4)];
        EpochProgress[] epochs = [.. losses.Select((l, i) => Epoch(i + 1, l.Train, 0.6, isBest: true)
            with { ValidationLoss = l.Validation, TrainAccuracy = 0.9 })];
        TrainingNote note = Assert.Single(TrainingNotes.Of(epochs, Recipe, 10));
        Assert.Equal(("overfitting", 7), (note.KindName, note.Epoch));
        Assert.Equal("the validation loss has risen from 0.9000 in epoch 3 to 1.4000 while the training loss fell from 0.7000 to 0.0500",
            note.Text);
        // Right as often as in training.
        Assert.Empty(TrainingNotes.Of([.. epochs.Select(e => e with { TrainAccuracy = 0.62 })], Recipe, 10));
    }

    [Fact]
    public void No_progress_is_said_after_a_share_of_the_epochs_unless_an_early_stop_watches()
    {
        EpochProgress[] epochs = [.. Enumerable.Range(1, 60).Select(i => Epoch(i, 0.5, i == 20 ? 0.9 : 0.8, isBest: i is 1 or 20))];
        Assert.Equal(new TrainingNote(TrainingNoteKind.Stalled, 50, "no better validation accuracy since epoch 20, 0.9000") { Since = 20 },
            Assert.Single(TrainingNotes.Of(epochs, Recipe, 10)));
        Assert.Empty(TrainingNotes.Of(epochs, Recipe with { EarlyStopping = new(100) }, 10));
        Assert.Empty(TrainingNotes.Of(epochs[..49], Recipe, 10));
    }

    [Fact]
    public void A_run_that_collapses_says_so_when_it_happens_and_in_its_result()
    {
        Recipe steep = TrainingData.Recipe with
        {
            Epochs = 8,
            Optimizer = new Sgd { LearningRate = 30, Momentum = 0.9f },
            Schedule = new() { WarmUpEpochs = 8 },
            Clipping = new(1)
        };
        List<TrainingProgress> told = [];
        using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(), steep);
        TrainingResult result = trainer.Fit(new Collected(told));
        TrainingNote note = Assert.Single(result.Notes, n => n.Kind == TrainingNoteKind.Collapse);
        Assert.Equal(result.Notes, told.OfType<TrainingNote>());
        Assert.Equal(note.Epoch, Assert.IsType<EpochProgress>(told[told.IndexOf(note) - 1]).Epoch);
    }

    private static IReadOnlyList<TrainingNote> Notes(params double[] losses) =>
        TrainingNotes.Of([.. losses.Select((loss, i) => Epoch(i + 1, loss, 0.5, isBest: true))], Recipe, 10);

    private static EpochProgress Epoch(int epoch, double loss, double accuracy, bool isBest) =>
        new(epoch, 200, loss, 0.5, 1, accuracy, 0.1, 1000, TimeSpan.FromSeconds(1), TimeSpan.Zero, isBest);

    private sealed class Collected(List<TrainingProgress> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => told.Add(value);
    }
}
