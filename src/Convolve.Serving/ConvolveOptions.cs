using Convolve.Execution;
using Convolve.Planning;

namespace Convolve.Serving;

/// <summary>The classifier that <c>AddConvolve</c> registers.</summary>
public sealed class ConvolveOptions
{
    /// <summary>The run folder that a training wrote, or the model.safetensors in it.</summary>
    public string Path { get; set; } = "";

    /// <summary>The number format; float32 by default.</summary>
    public Precision Precision { get; set; } = Precision.Float32;

    /// <summary>Turns off Winograd convolutions; off by default.</summary>
    public bool Exact { get; set; }

    /// <summary>Threads of the kernel team; 0, the default, means OMP_NUM_THREADS, or all cores.</summary>
    public int Threads { get; set; }

    /// <summary>
    /// The most pictures of concurrent callers that run through the network together, at least 1; 32 by default. Only pictures that are
    /// waiting are combined, and a lone one waits for nobody. A picture's probabilities differ by up to 1e-5 from batch size to batch size;
    /// with 1, it gets the same bits at any load.
    /// </summary>
    public int MaxBatchSize { get; set; } = ImageClassifier.UsualBatchSize;

    internal ExecutionOptions Execution => new() { Precision = Precision, Exact = Exact, Threads = Threads };
}
