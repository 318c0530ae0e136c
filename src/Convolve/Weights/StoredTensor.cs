using Convolve.Formats;

namespace Convolve.Weights;

/// <summary>Where a file has a parameter, and in which order.</summary>
/// <param name="Name">The tensor's name in the file.</param>
/// <param name="Shape">The tensor's shape in the file.</param>
/// <param name="ChannelsLast">If the values are in Keras's order, the sizes of that order (HWIO; a dense layer behind a flattened image
/// has its rows in the order H, W, C). Null: C order of PyTorch's shape, OIHW.</param>
internal sealed record StoredTensor(
    string Name, IReadOnlyList<int> Shape, (int Height, int Width, int Inputs, int Outputs)? ChannelsLast = null)
{
    /// <summary>Reads the parameter in plain order: OIHW, or units by inputs.</summary>
    public void Read(IWeightFile file, Span<float> values)
    {
        if (ChannelsLast is not (int height, int width, int inputs, int outputs))
        {
            file.ReadWeights(Name, values);
            return;
        }
        float[] stored = new float[values.Length];
        file.ReadWeights(Name, stored);
        int pixels = height * width;
        for (int output = 0, to = 0; output < outputs; output++)
            for (int input = 0; input < inputs; input++)
                for (int pixel = 0; pixel < pixels; pixel++)
                    values[to++] = stored[(pixel * inputs + input) * outputs + output];
    }
}
