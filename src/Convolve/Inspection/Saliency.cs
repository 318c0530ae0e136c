using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Inspection;

/// <summary>Which places of a picture made a network decide as it did.</summary>
internal static class Saliency
{
    /// <summary>
    /// Grad-CAM: the feature maps of a layer, each weighted by the mean gradient of a class's logit over it, summed, and 0 where the sum is
    /// negative.
    /// </summary>
    /// <remarks>Source: Selvaraju et al. 2017, equations 1 and 2. The gradient is that of the evaluation: without dropout, with the running
    /// averages of batch normalization.</remarks>
    /// <param name="model">Computes in float32.</param>
    /// <param name="input">One picture, [C, H, W].</param>
    /// <param name="layer">Any whose output is an image.</param>
    /// <param name="label">The class.</param>
    /// <returns>A map of the layer's height and width.</returns>
    public static FeatureMaps GradCam(Model model, float[] input, Node layer, int label)
    {
        if (layer.Output.IsVector)
            throw new NetworkException($"{layer.Name} gives a vector of {layer.Output}, and Grad-CAM needs feature maps. " +
                $"Use a layer before the Flatten, such as {LayerNames.LastMaps(model.Graph).Name}.");
        (float[] maps, float[] gradient) = Gradient(model, input, layer, label);
        int pixels = layer.Output.Height * layer.Output.Width;
        float[] result = new float[pixels];
        for (int c = 0; c < layer.Output.Channels; c++)
        {
            double weight = 0;
            foreach (float g in gradient.AsSpan(c * pixels, pixels))
                weight += g;
            weight /= pixels;
            for (int i = 0; i < pixels; i++)
                result[i] += (float)(weight * maps[c * pixels + i]);
        }
        for (int i = 0; i < pixels; i++)
            result[i] = Math.Max(0, result[i]);
        return new(layer.Name, (1, layer.Output.Height, layer.Output.Width), result);
    }

    /// <summary>A layer's output for one picture, and the gradient of a logit with respect to it.</summary>
    public static (float[] Output, float[] Gradient) Gradient(Model model, float[] input, Node layer, int label)
    {
        (float[] output, float[] gradient) = ([], []);
        model.Invoke(() =>
        {
            using Executor pass = model.Probe(1, new([layer.Index], layer.Index));
            pass.Write(input);
            pass.LogitGradient.Clear();
            pass.LogitGradient[label] = 1;
            pass.Run();
            (output, gradient) = (pass.Kept(pass.Plan.Probe.Outputs[0]).ToArray(), pass.Kept(pass.Plan.Probe.Gradient!).ToArray());
        });
        return (output, gradient);
    }

    /// <summary>
    /// Occlusion: how much the logarithm of a class's probability falls where a gray square covers the picture; each pixel has the mean
    /// over the squares that cover it.
    /// </summary>
    /// <remarks>Source: Zeiler and Fergus 2014, section 4.2. The square has the mean color of the training images, which is 0 in the
    /// network's input; the last squares of a row and of a column end at the border.</remarks>
    /// <param name="model">The network.</param>
    /// <param name="input">One picture, [C, H, W].</param>
    /// <param name="window">The side of the square in pixels of the network's input, at least 1 and at most its sides.</param>
    /// <param name="stride">Pixels from one square to the next, at least 1 and at most the window.</param>
    /// <param name="label">The class.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>A map of the input's height and width.</returns>
    public static FeatureMaps Occlusion(Model model, float[] input, int window, int stride, int label,
        CancellationToken cancellation = default)
    {
        Shape shape = model.Graph.Input;
        Require(window, Math.Min(shape.Height, shape.Width), nameof(window));
        Require(stride, window, nameof(stride));
        (int Top, int Left)[] places = [.. from top in Places(shape.Height, window, stride) from left in Places(shape.Width, window, stride)
            select (top, left)];
        double whole = LogProbabilities(model, input, 1, label)[0];
        double[] sums = new double[shape.Height * shape.Width];
        int[] counts = new int[sums.Length];
        foreach ((int Top, int Left)[] batch in places.Chunk(ImageClassifier.UsualBatchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            float[] inputs = new float[batch.Length * input.Length];
            for (int i = 0; i < batch.Length; i++)
            {
                Span<float> own = inputs.AsSpan(i * input.Length, input.Length);
                input.CopyTo(own);
                for (int row = 0; row < shape.Channels * window; row++)
                    own.Slice((row / window * shape.Height + batch[i].Top + row % window) * shape.Width + batch[i].Left, window).Clear();
            }
            double[] covered = LogProbabilities(model, inputs, batch.Length, label);
            for (int i = 0; i < batch.Length; i++)
                for (int row = 0; row < window; row++)
                    for (int at = (batch[i].Top + row) * shape.Width + batch[i].Left, x = 0; x < window; x++)
                        (sums[at + x], counts[at + x]) = (sums[at + x] + whole - covered[i], counts[at + x] + 1);
        }
        return new(model.Graph.Nodes[0].Name, (1, shape.Height, shape.Width), [.. sums.Select((sum, i) => (float)(sum / counts[i]))]);
    }

    /// <summary>Where the squares of a row begin: one stride from each other, the last one at the border.</summary>
    internal static IEnumerable<int> Places(int size, int window, int stride)
    {
        for (int at = 0; at < size - window; at += stride)
            yield return at;
        yield return size - window;
    }

    private static double[] LogProbabilities(Model model, float[] inputs, int count, int label)
    {
        int classes = model.Graph.Output.Channels;
        float[] logits = new float[count * classes];
        model.Invoke(() =>
        {
            Executor pass = model.Evaluation(count);
            pass.Write(inputs);
            pass.Run();
            pass.Logits.CopyTo(logits);
        });
        return [.. Enumerable.Range(0, count).Select(i => -LogitScore.Of(logits.AsSpan(i * classes, classes), label).Loss)];
    }

    private static void Require(int value, int most, string name)
    {
        if (value < 1 || value > most)
            throw new ArgumentOutOfRangeException(name, value, $"Expected 1 to {most}.");
    }
}
