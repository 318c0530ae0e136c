using Convolve.Data;
using Convolve.Files;
using Convolve.Formats;

namespace Convolve.Keras;

/// <summary>Weights that Keras saved.</summary>
public static class KerasWeights
{
    /// <summary>
    /// Copies the weights of a Keras file to a .safetensors file, with Keras's names and in its order, each as float32.
    /// </summary>
    /// <param name="kerasPath">A .weights.h5, .h5 or .keras file of Keras 2 or 3.</param>
    /// <param name="safetensorsPath">The file to write; replaced if it exists.</param>
    /// <exception cref="DatasetException">It isn't such a file, is damaged, or a weight is NaN or infinite.</exception>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public static void ToSafeTensors(string kerasPath, string safetensorsPath)
    {
        using KerasWeightFile file = KerasWeightFile.Open(kerasPath);
        SafeTensors.Write(safetensorsPath, file.Tensors.Select(t => new TensorInfo(t.Name, TensorType.F32, t.Shape)), (tensor, sink) =>
        {
            float[] values = new float[tensor.ElementCount];
            file.ReadWeights(tensor.Name, values);
            sink.WriteFloats(values);
        });
    }
}
