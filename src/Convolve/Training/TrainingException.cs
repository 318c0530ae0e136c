namespace Convolve.Training;

/// <summary>A training that failed while it ran.</summary>
public sealed class TrainingException(string message, Exception? inner = null) : ConvolveException(message, inner);
