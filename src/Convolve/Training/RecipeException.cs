namespace Convolve.Training;

/// <summary>A recipe that cannot be followed: a value out of range, or values that contradict each other.</summary>
public sealed class RecipeException(string message) : Exception(message);

/// <summary>A training that failed while it ran.</summary>
public sealed class TrainingException(string message, Exception? inner = null) : Exception(message, inner);
