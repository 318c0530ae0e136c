namespace Convolve.Data;

/// <summary>
/// The one exception for bad data: a file that is missing, damaged or not what it should be, a data set whose parts do not fit together,
/// a download that failed. Its message says which file, what came, what was expected and how to mend it.
/// </summary>
public class DataException : Exception
{
    /// <summary>An exception with its message.</summary>
    public DataException(string message) : base(message) { }

    /// <summary>An exception with its message and what caused it.</summary>
    public DataException(string message, Exception? innerException) : base(message, innerException) { }
}
