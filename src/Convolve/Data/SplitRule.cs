namespace Convolve.Data;

/// <summary>How a validation split is drawn from pictures in files.</summary>
public enum SplitRule
{
    /// <summary>Image by image, as up to version 0.1.0: copies of a picture may be on both sides, and small classes on one.</summary>
    Plain,

    /// <summary>
    /// Pictures of the same bytes in one class stay together, and every class that has three different ones gives at least one.
    /// </summary>
    CopiesTogether,
}
