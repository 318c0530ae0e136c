namespace Convolve.Serving.Batching;

/// <summary>A network that answers pictures in batches of a few sizes that it was prepared for.</summary>
internal interface IBatchNetwork : IDisposable
{
    /// <summary>Values of a picture.</summary>
    int InputLength { get; }

    /// <summary>Values of an answer.</summary>
    int OutputLength { get; }

    /// <summary>The most pictures of a batch.</summary>
    int MaxBatch { get; }

    /// <summary>Pictures of the batch that answers waiting ones the fastest; one larger than they are is filled up.</summary>
    int SizeFor(int waiting);

    /// <summary>Whether a batch of this size takes one thread, so that a request may run it itself.</summary>
    bool IsForOneThread(int size);

    /// <summary>Answers a batch: reads the parts' inputs, and writes their outputs; on the thread that runs batches.</summary>
    /// <param name="parts">The pictures, in their order; no more than the size.</param>
    /// <param name="size">What <see cref="SizeFor"/> said.</param>
    void Run(ReadOnlySpan<BatchPart> parts, int size);
}

/// <summary>Pictures of a request that are in one batch.</summary>
/// <param name="Work">The request.</param>
/// <param name="First">The first of them.</param>
/// <param name="Count">How many.</param>
internal readonly record struct BatchPart(BatchWork Work, int First, int Count);
