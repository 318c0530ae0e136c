using Convolve.Training;

namespace Convolve.Tests.Training;

/// <summary>Calls at once: <see cref="Progress{T}"/> would pass calls on to other threads.</summary>
internal sealed class Told(Action<TrainingProgress> tell) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => tell(value);
}
