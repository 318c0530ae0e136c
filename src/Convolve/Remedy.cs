namespace Convolve;

/// <summary>
/// The setting that fixes what an exception reports. The library names settings in words; a program that has its own names for them, such
/// as the options of the command line, adds those.
/// </summary>
internal enum Remedy
{
    /// <summary>No setting fixes it.</summary>
    None,

    /// <summary>Another place for what is written.</summary>
    Output,

    /// <summary>Another place for what is written, or no checkpoints.</summary>
    OutputOrCheckpoints,

    /// <summary>Another folder for downloaded data.</summary>
    DataDirectory,

    /// <summary>The folder of the data set is missing: it may have moved.</summary>
    MovedData,

    /// <summary>Bad pictures of a folder can be skipped.</summary>
    SkipBad,

    /// <summary>Another split to evaluate.</summary>
    Split,

    /// <summary>Another batch size.</summary>
    BatchSize,

    /// <summary>Larger parts of a batch.</summary>
    MicroBatch,

    /// <summary>Another number of shards.</summary>
    Shards,

    /// <summary>Another number of processes.</summary>
    Ranks,

    /// <summary>No synchronized batch normalization.</summary>
    SyncBatchNorm,

    /// <summary>Other weights of the classes.</summary>
    ClassWeights,

    /// <summary>The experiment must be resumed first.</summary>
    Experiment,
}
