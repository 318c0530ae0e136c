namespace Convolve.Formats;

/// <summary>What a tensor in a file is called and how it is laid out: C order, little-endian.</summary>
internal sealed record TensorInfo
{
    /// <summary>A tensor of the given name, type and shape; an empty shape is a scalar.</summary>
    /// <exception cref="ArgumentException">A dimension is negative, or the size in bytes is beyond 2^63 - 1.</exception>
    public TensorInfo(string name, TensorType type, IReadOnlyList<long> shape)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        (Name, Type, Shape) = (name, type, Array.AsReadOnly([.. shape]));
        if (!TryMeasure(type, shape, out long count))
        {
            throw new ArgumentException(
                $"Tensor '{name}' has the shape [{string.Join(", ", shape)}]: dimensions must not be negative, and their product must fit "
                + "a 64-bit integer. Check the shape.",
                nameof(shape));
        }
        ElementCount = count;
    }

    /// <summary>The name, unique in its file, such as "features.0.weight".</summary>
    public string Name { get; }

    /// <summary>The type of the elements.</summary>
    public TensorType Type { get; }

    /// <summary>The dimensions, outermost first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The product of the dimensions.</summary>
    public long ElementCount { get; }

    /// <summary>The size of the data in bytes.</summary>
    public long ByteCount => ElementCount * Type.ElementBytes();

    /// <summary>Equal in name, type and dimensions.</summary>
    public bool Equals(TensorInfo? other) =>
        other is not null && Name == other.Name && Type == other.Type && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Type, Shape.Count, ElementCount);

    /// <summary>Such as <c>features.0.weight F32 [64, 3, 11, 11]</c>.</summary>
    public override string ToString() => $"{Name} {Type.FileName()} [{string.Join(", ", Shape)}]";

    /// <summary>Multiplies the dimensions; false when one is negative or the elements' bytes overflow.</summary>
    internal static bool TryMeasure(TensorType type, IReadOnlyList<long> shape, out long elementCount)
    {
        elementCount = 1;
        foreach (long dimension in shape)
        {
            if (dimension < 0 || Math.BigMul(elementCount, dimension, out long low) != 0 || low < 0)
                return false;
            elementCount = low;
        }
        return elementCount <= long.MaxValue / type.ElementBytes();
    }
}
