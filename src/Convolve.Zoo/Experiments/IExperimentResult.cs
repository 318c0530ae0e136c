using System.Text.Json.Nodes;

namespace Convolve.Zoo.Experiments;

/// <summary>The result of an experiment.</summary>
internal interface IExperimentResult
{
    /// <summary>What was run.</summary>
    Experiment Experiment { get; }

    /// <summary>How.</summary>
    ExperimentSettings Settings { get; }

    /// <summary>Where.</summary>
    string Folder { get; }

    /// <summary>The machine in words.</summary>
    string Machine { get; }

    /// <summary>All of it as JSON.</summary>
    JsonObject ToJson();
}
