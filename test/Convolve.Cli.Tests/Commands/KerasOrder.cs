using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Layers;

namespace Convolve.Cli.Tests.Commands;

/// <summary>
/// A LeNet-5 as Keras has it: convolutions HWIO; dense layers inputs by units, and the inputs of the first in the order H, W, C.
/// </summary>
internal static class KerasOrder
{
    public static void Write(string run, string path)
    {
        using ModelFile model = ModelFile.Open(run);
        Dictionary<string, (long[] Shape, float[] Values)> tensors = [];
        Dictionary<string, string> layers = new()
        {
            ["conv1"] = "conv2d",
            ["conv2"] = "conv2d_1",
            ["fc1"] = "dense",
            ["fc2"] = "dense_1",
            ["fc3"] = "dense_2",
        };
        foreach (Node node in model.Graph.Nodes.Where(node => layers.ContainsKey(node.Name)))
            foreach (ParameterSpec spec in node.State)
            {
                float[] plain = new float[spec.Count], stored = new float[spec.Count];
                model.ReadWeights($"{node.Name}.{spec.Name}", plain);
                if (spec.Role == ParameterRole.Bias)
                {
                    tensors[$"{layers[node.Name]}/bias:0"] = ([spec.Count], plain);
                    continue;
                }
                Shape image = node.Name == "fc1" ? (16, 5, 5) : Shape.Vector(spec.Shape[1]);
                int outputs = spec.Shape[0], inputs = image.IsVector || spec.Shape.Count == 4 ? spec.Shape[1] : image.Channels;
                int height = spec.Shape.Count == 4 ? spec.Shape[2] : image.Height;
                int width = spec.Shape.Count == 4 ? spec.Shape[3] : image.Width;
                for (int o = 0, next = 0; o < outputs; o++)
                    for (int i = 0; i < inputs; i++)
                        for (int h = 0; h < height; h++)
                            for (int w = 0; w < width; w++)
                                stored[((h * width + w) * inputs + i) * outputs + o] = plain[next++];
                tensors[$"{layers[node.Name]}/kernel:0"] = (spec.Shape.Count == 4 ? [height, width, inputs, outputs]
                    : [height * width * inputs, outputs], stored);
            }
        SafeTensors.Write(path, tensors.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t =>
            new TensorInfo(t.Key, TensorType.F32, t.Value.Shape)), (tensor, sink) => sink.WriteFloats(tensors[tensor.Name].Values));
    }
}
