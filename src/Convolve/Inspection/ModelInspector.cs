using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Imaging;
using Convolve.Inference;
using Convolve.Layers;
using Convolve.Planning;

namespace Convolve.Inspection;

/// <summary>
/// Looks inside a trained network: what its layers give for a picture, which places of a picture made it decide, and the features that
/// similar pictures share.
/// </summary>
/// <remarks>Any number of threads may use one at once. It computes in float32, whatever the options say, so that the numbers are those that
/// other programs find to some six digits.</remarks>
/// <example>
/// <code>
/// using ModelInspector inspector = ModelInspector.Load("model.safetensors");
/// FeatureMaps map = inspector.GradCam("cat.jpg");
/// </code>
/// </example>
public sealed class ModelInspector : IDisposable
{
    private readonly BatchPredictor _predictor;

    internal ModelInspector(ModelFile file, ExecutionOptions options) =>
        _predictor = new(file.CreateModel(options with { Precision = Precision.Float32 }), file.Preprocessing);

    /// <summary>The names of the layers, from the input to the logits.</summary>
    public IReadOnlyList<string> Layers => [.. LayerNames.All(Model.Graph).Select(node => node.Name)];

    /// <summary>The names of the classes, in the order of the network's outputs.</summary>
    public IReadOnlyList<string> Labels => _predictor.Preprocessing.ClassNames;

    internal Model Model => _predictor.Model;

    /// <summary>Reads a model.</summary>
    /// <param name="path">The run folder that a training wrote, or the model.safetensors in it.</param>
    /// <param name="options">How the network runs; null for all cores.</param>
    /// <exception cref="SafeTensorsException">The file is missing, damaged or not a model file of Convolve.</exception>
    public static ModelInspector Load(string path, ExecutionOptions? options = null)
    {
        using ModelFile file = ModelFile.Open(path);
        return new(file, options ?? new());
    }

    /// <summary>The output of a layer for the picture in a file, before any layer behind it.</summary>
    /// <param name="path">JPEG, PNG, WebP, BMP or GIF.</param>
    /// <param name="layer">One of <see cref="Layers"/>.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    /// <exception cref="NetworkException">There is no such layer.</exception>
    public FeatureMaps Activations(string path, string layer) => Activations(Read(path), [LayerNames.Find(Model.Graph, layer)])[0];

    /// <summary>
    /// Where the network looked: the feature maps of a layer, weighted by how much a class's logit rises with each (Grad-CAM, Selvaraju et
    /// al. 2017). Larger is more; 0 is nothing for the class, or something against it.
    /// </summary>
    /// <param name="path">JPEG, PNG, WebP, BMP or GIF.</param>
    /// <param name="layer">One of <see cref="Layers"/> whose output is an image; null for the last convolution with its activation.</param>
    /// <param name="label">One of <see cref="Labels"/>; null for the class that the network predicts.</param>
    /// <returns>One map of the layer's height and width.</returns>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    /// <exception cref="NetworkException">There is no such layer, or it has no maps.</exception>
    /// <exception cref="ArgumentException">There is no such class.</exception>
    public FeatureMaps GradCam(string path, string? layer = null, string? label = null)
    {
        float[] input = Read(path);
        return Saliency.GradCam(Model, input, layer is null ? LayerNames.LastMaps(Model.Graph) : LayerNames.Find(Model.Graph, layer),
            ClassOf(input, label));
    }

    /// <summary>
    /// Which places the decision hangs on: how far the logarithm of a class's probability falls where a gray square covers them (Zeiler and
    /// Fergus 2014). Negative where covering makes the class more probable.
    /// </summary>
    /// <param name="path">JPEG, PNG, WebP, BMP or GIF.</param>
    /// <param name="window">The side of the square, in pixels of the network's input.</param>
    /// <param name="stride">Pixels from one square to the next, at most the window.</param>
    /// <param name="label">One of <see cref="Labels"/>; null for the class that the network predicts.</param>
    /// <returns>One map of the height and width of the network's input.</returns>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    /// <exception cref="ArgumentException">There is no such class, or a size is out of range.</exception>
    public FeatureMaps Occlusion(string path, int window, int stride, string? label = null)
    {
        float[] input = Read(path);
        return Saliency.Occlusion(Model, input, window, stride, ClassOf(input, label));
    }

    /// <summary>What the logits are computed from: the output of the last hidden layer, by which pictures can be compared.</summary>
    /// <param name="path">JPEG, PNG, WebP, BMP or GIF.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ImageException">It is not a picture, damaged, or too large.</exception>
    public float[] Features(string path) => Activations(Read(path), [LayerNames.LastHidden(Model.Graph)])[0].Values.ToArray();

    /// <summary>Frees the network's memory after the running call.</summary>
    public void Dispose() => _predictor.Dispose();

    /// <summary>The outputs of some layers for one input.</summary>
    internal FeatureMaps[] Activations(float[] input, IReadOnlyList<Node> layers)
    {
        FeatureMaps[] maps = [];
        Model.Invoke(() =>
        {
            using Executor pass = Model.Probe(1, new([.. layers.Select(layer => layer.Index)]));
            pass.Write(input);
            pass.Run();
            maps = [.. layers.Select((layer, i) => new FeatureMaps(layer.Name, layer.Output,
                pass.Kept(pass.Plan.Probe.Outputs[i]).ToArray()))];
        });
        return maps;
    }

    /// <summary>The probability of each class for one input.</summary>
    internal float[] Probabilities(float[] input) => _predictor.Run(input, 1)[0];

    internal int MostProbable(float[] input)
    {
        float[] probabilities = Probabilities(input);
        return Array.IndexOf(probabilities, probabilities.Max());
    }

    private int ClassOf(float[] input, string? label)
    {
        if (label is null)
            return MostProbable(input);
        int number = Labels.ToList().IndexOf(label);
        return number >= 0 ? number
            : throw new ArgumentException($"There is no class \"{label}\": the classes are {string.Join(", ", Labels)}.", nameof(label));
    }

    private float[] Read(string path)
    {
        float[] input = new float[_predictor.InputLength];
        _predictor.Decode(File.ReadAllBytes(path), path, input);
        return input;
    }
}
