namespace Convolve.Formats;

/// <summary>An open file of weights, whatever its format.</summary>
internal interface IWeightFile : IDisposable
{
    /// <summary>The tensors; the layers in the network's order if <see cref="IsOrdered"/>.</summary>
    IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>Whether the file records the order of the layers. Otherwise their names are sorted naturally.</summary>
    bool IsOrdered { get; }

    /// <summary>Reads a tensor as it is stored, in C order.</summary>
    /// <param name="name">One of <see cref="Tensors"/>.</param>
    /// <param name="values">Room for exactly its elements.</param>
    /// <exception cref="SafeTensorsException">It can't be read, isn't made of floating-point numbers, or one is NaN or infinite.
    /// </exception>
    void ReadWeights(string name, Span<float> values);
}
