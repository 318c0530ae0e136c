namespace Convolve.Data;

/// <summary>
/// The one exception for bad data: a file that is missing, damaged or not what it should be, a data set whose parts do not fit together,
/// a download that failed. Its message names the file, what it holds, what was expected and how to fix it.
/// </summary>
public class DatasetException : ConvolveException
{
    /// <summary>An exception with its message.</summary>
    public DatasetException(string message) : base(message) { }

    /// <summary>An exception with its message and what caused it.</summary>
    public DatasetException(string message, Exception? innerException) : base(message, innerException) { }

    /// <summary>The setting that fixes it.</summary>
    internal Remedy Remedy { get; init; }
}
