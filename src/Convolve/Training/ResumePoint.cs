namespace Convolve.Training;

/// <summary>Where a run resumes.</summary>
/// <param name="Checkpoint">The file that it resumes from; null if it was killed before its first checkpoint and starts again.</param>
/// <param name="Epochs">Epochs that are done.</param>
/// <param name="Step">Steps done in the next one.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Notes">What should be known, in sentences: a damaged checkpoint that was passed over, a machine that computes
/// otherwise.</param>
public sealed record ResumePoint(string? Checkpoint, int Epochs, int Step, int StepsPerEpoch, IReadOnlyList<string> Notes);
