namespace Convolve.Training;

/// <summary>Where a resumed run goes on.</summary>
/// <param name="Checkpoint">The file that it goes on from; null where it was killed before there was one, and begins anew.</param>
/// <param name="Epochs">Epochs that are done.</param>
/// <param name="Step">Steps done in the next one.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Notes">What should be known, in sentences: a damaged checkpoint that was passed over, a machine that computes
/// otherwise.</param>
public sealed record ResumePoint(string? Checkpoint, int Epochs, int Step, int StepsPerEpoch, IReadOnlyList<string> Notes);
