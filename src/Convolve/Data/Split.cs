namespace Convolve.Data;

/// <summary>Some images of a data set, by index: the part for training, validation or test.</summary>
/// <param name="Name">What the images are for: train, validation, test.</param>
/// <param name="Dataset">The set that the indices point into.</param>
/// <param name="Indices">The images, in order. Copied; two splits are equal when name, set and indices are.</param>
/// <exception cref="DatasetException">An index points outside the set.</exception>
public sealed record Split(string Name, Dataset Dataset, int[] Indices)
{
    /// <summary>The images, as indices into <see cref="Dataset"/>.</summary>
    public int[] Indices { get; } = Checked(Name, Dataset, Indices);

    /// <summary>The number of images.</summary>
    public int Count => Indices.Length;

    /// <inheritdoc/>
    public bool Equals(Split? other) =>
        other is not null && Name == other.Name && ReferenceEquals(Dataset, other.Dataset) && Indices.AsSpan().SequenceEqual(other.Indices);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Count, Count == 0 ? 0 : Indices[0], Count == 0 ? 0 : Indices[^1]);

    /// <summary>Name, count and set, as in <c>validation: 6000 images of mnist</c>.</summary>
    public override string ToString() => $"{Name}: {Count} images of {Dataset.Name}";

    private static int[] Checked(string name, Dataset dataset, int[] indices)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(indices);
        foreach (int index in indices)
        {
            if ((uint)index >= (uint)dataset.Count)
            {
                throw new DatasetException(
                    $"The split \"{name}\" asks for image {index} of {dataset.Name}, which has images 0 to {dataset.Count - 1}.");
            }
        }

        return [.. indices];
    }
}

/// <summary>Which of the three splits.</summary>
internal enum SplitPart
{
    Train,
    Validation,
    Test,
}
