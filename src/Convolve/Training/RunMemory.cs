using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Threads;

namespace Convolve.Training;

/// <summary>All that a run takes of the machine's memory: what the plans need, and what the process needs in addition.</summary>
/// <param name="PlanBytes">Weights, gradients, optimizer state, copies, activations, kept pictures: exact.</param>
/// <param name="LoaderBytes">Of the order of the images and of the buffers that each thread makes an input in.</param>
/// <param name="EvaluationBytes">Of the logits of the test, and of the best weights of a run without a folder.</param>
/// <param name="RuntimeBytes">What else a run adds to the process: compiled code, kernels of the library, stacks, the heap of short-lived
/// objects. Fitted to measurements of one machine (docs/analyzing.md).</param>
/// <param name="ProcessBytes">Resident memory just before the plans, measured in this process: the program, its libraries, the
/// data.</param>
internal sealed record MemoryBudget(long PlanBytes, long LoaderBytes, long EvaluationBytes, long RuntimeBytes, long ProcessBytes)
{
    /// <summary>What the process grows by.</summary>
    public long GrowthBytes => PlanBytes + LoaderBytes + EvaluationBytes + RuntimeBytes;

    /// <summary>The peak of the process.</summary>
    public long TotalBytes => ProcessBytes + GrowthBytes;
}

/// <summary>What a run takes in addition to its plans.</summary>
internal static class RunMemory
{
    // Measured by `./dev bench memory` on one machine, docs/analyzing.md: compiled code and short-lived objects, and for each node of the
    // network its steps, kernels and the code that oneDNN makes for them.
    private const long InferenceBytes = 14 << 20, InferenceBytesOfNode = 68 << 10, TrainingBytes = 24 << 20, TrainingBytesOfNode = 84 << 10;

    // Of a run folder: log, TensorBoard, checkpoints and the report, between 0 and 17 MiB in runs of one to fifteen epochs.
    private const long RecordBytes = 10 << 20;

    /// <summary>Of a training.</summary>
    /// <param name="planBytes">Of its plans.</param>
    /// <param name="graph">The network.</param>
    /// <param name="data">Its splits.</param>
    /// <param name="keepsWeights">Whether the best weights are kept in memory, as without a folder.</param>
    /// <param name="processBytes">Resident before the plans were made.</param>
    public static MemoryBudget OfTraining(long planBytes, Graph graph, DataSplits data, bool keepsWeights, long processBytes) =>
        new(planBytes, LoaderBytes(graph, data.Train.Count + data.Validation.Count + data.Test.Count),
            LogitBytes(graph, data.Test.Count) + (keepsWeights ? graph.ParameterCount * sizeof(float) : 0),
            RuntimeBytesOf(graph, isTraining: true) + (keepsWeights ? 0 : RecordBytes), processBytes);

    /// <summary>Of a training in a folder, without the part that grows with the data; the process as it is now.</summary>
    public static MemoryBudget OfTraining(long planBytes, Graph graph, int images) =>
        new(planBytes, LoaderBytes(graph, images), LogitBytes(graph, images), RuntimeBytesOf(graph, isTraining: true) + RecordBytes,
            Machine.ProcessMemory.Resident);

    /// <summary>Of evaluating some images; the process as it is now.</summary>
    public static MemoryBudget OfEvaluation(long planBytes, Graph graph, int images) =>
        new(planBytes, LoaderBytes(graph, images), LogitBytes(graph, images), RuntimeBytesOf(graph, isTraining: false),
            Machine.ProcessMemory.Resident);

    private static long LoaderBytes(Graph graph, int images) =>
        (long)images * sizeof(int) + ThreadTeam.Threads * graph.Input.Elements * (sizeof(float) + sizeof(byte));

    private static long LogitBytes(Graph graph, int images) => images * graph.Output.Elements * sizeof(float);

    private static long RuntimeBytesOf(Graph graph, bool isTraining) =>
        (isTraining ? TrainingBytes : InferenceBytes) + graph.Nodes.Count * (isTraining ? TrainingBytesOfNode : InferenceBytesOfNode);
}
