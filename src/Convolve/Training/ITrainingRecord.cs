namespace Convolve.Training;

/// <summary>
/// What a run leaves behind. The training loop reports to it and doesn't know where it keeps things. All calls are made on the executor
/// thread.
/// </summary>
internal interface ITrainingRecord : IDisposable
{
    /// <summary>Whether a checkpoint is due before the first step, or within an epoch.</summary>
    bool IsDue(TrainingState state, int stepsPerEpoch) => false;

    /// <summary>Saves a checkpoint.</summary>
    void Save(TrainingState state)
    {
    }

    /// <summary>Records an epoch, and keeps its weights if they are the best so far.</summary>
    void EndEpoch(TrainingState state, EpochProgress done);

    /// <summary>Records a step for curves.</summary>
    /// <param name="step">In the epoch, from 0.</param>
    /// <param name="update">Of the run, from 1.</param>
    /// <param name="loss">Mean over the images of the step.</param>
    /// <param name="rate">The learning rate.</param>
    void EndStep(int step, long update, double loss, double rate)
    {
    }

    /// <summary>Writes the steps that are still buffered, before the run ends because of what they show.</summary>
    void FlushSteps()
    {
    }

    /// <summary>Gives the model the best weights back; where there are none, the current ones are kept.</summary>
    void RestoreBest(TrainingState state);

    /// <summary>Records the end.</summary>
    void Log(TrainingResult result)
    {
    }
}
