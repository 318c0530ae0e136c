using Convolve.Graphs;

namespace Convolve.Execution;

/// <summary>A graph with its parameters, ready to run: evaluation at any batch size, and, where it was made for it, training.</summary>
public sealed class Model : IDisposable
{
    /// <param name="graph">The network; its output must be a vector of logits.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="trainingBatchSize">The largest batch of <see cref="ForwardBackward"/>; 0 for a model that only evaluates.</param>
    /// <param name="seed">Decides the first weights and the dropout masks.</param>
    public Model(Graph graph, ExecutionOptions? options = null, int trainingBatchSize = 0, ulong seed = 0) => throw new NotImplementedException();

    public Graph Graph => throw new NotImplementedException();

    /// <summary>The number format in use; never <see cref="Precision.Auto"/>.</summary>
    public Precision Precision => throw new NotImplementedException();

    /// <summary>Such as "conv1.weight", in the graph's order.</summary>
    public IReadOnlyList<string> ParameterNames => throw new NotImplementedException();

    /// <summary>Copies a parameter out, in plain OIHW (convolution) or [out, in] (linear) order.</summary>
    public void ReadParameter(string name, Span<float> destination) => throw new NotImplementedException();

    /// <summary>Sets a parameter from plain order.</summary>
    public void WriteParameter(string name, ReadOnlySpan<float> values) => throw new NotImplementedException();

    /// <summary>Copies the gradient of the last <see cref="ForwardBackward"/> out, in plain order.</summary>
    public void ReadGradient(string name, Span<float> destination) => throw new NotImplementedException();

    /// <summary>Evaluates: [n, C, H, W] preprocessed pixels to [n, classes] logits, for any n.</summary>
    public void Forward(ReadOnlySpan<float> images, Span<float> logits) => throw new NotImplementedException();

    /// <summary>One training pass without the update; returns the mean softmax cross-entropy, whose gradients stay in the model.</summary>
    /// <param name="images">[n, C, H, W] preprocessed pixels, n at most the training batch size.</param>
    /// <param name="labels">n class numbers.</param>
    /// <param name="step">Counts the training steps: dropout masks are a function of (seed, step, layer, element).</param>
    public double ForwardBackward(ReadOnlySpan<float> images, ReadOnlySpan<int> labels, uint step = 0) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
