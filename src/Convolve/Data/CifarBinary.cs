namespace Convolve.Data;

/// <summary>Which label of a record counts.</summary>
internal enum CifarLabel
{
    /// <summary>The only one, of CIFAR-10.</summary>
    Single,

    /// <summary>The second of the two of CIFAR-100: one of 100 classes.</summary>
    Fine,

    /// <summary>The first of the two of CIFAR-100: one of 20 superclasses.</summary>
    Coarse,
}

/// <summary>
/// Reads the binary version of CIFAR-10 and CIFAR-100: records of one or two label bytes and 3 x 32 x 32 pixels, as planes of red, green
/// and blue, each row by row.
/// </summary>
/// <remarks>
/// Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009, and the page of the data sets. A file is believed
/// only when it holds whole records and every label, of both kinds, is in range. Whatever the bytes are, the only exception is
/// <see cref="DatasetException"/>.
/// </remarks>
internal static class CifarBinary
{
    /// <summary>3x32x32.</summary>
    public static ImageSize ImageSize { get; } = new(3, 32, 32);

    /// <summary>Reads files and joins their images, in order.</summary>
    /// <param name="name">The name of the set, for messages.</param>
    /// <param name="paths">The files, plain or packed by gzip.</param>
    /// <param name="classNames">The name of each class: 10, 100 or 20 of them, by the label.</param>
    /// <param name="label">Which label counts.</param>
    /// <exception cref="DatasetException">A file is missing, cannot be read or is not exactly such a file, or the names do not
    /// fit.</exception>
    public static Dataset Read(string name, IReadOnlyList<string> paths, IReadOnlyList<string> classNames,
        CifarLabel label = CifarLabel.Single)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(classNames);
        if (paths.Count == 0)
            throw new DatasetException($"{name}: no files given. Name at least one, such as data_batch_1.bin.");
        CifarRecords records = CifarRecords.Of(label);
        if (classNames.Count != records.Classes)
            throw new DatasetException(
                $"{name}: expected {records.Classes} class names, because labels of this kind are 0 to {records.Classes - 1}, got " +
                $"{classNames.Count}.");
        long[] counts = [.. paths.Select(records.CountIn)];
        if (counts.Sum() * records.Size.Length > Array.MaxLength)
            throw new DatasetException($"{name}: {counts.Sum()} images of {records.Size} do not fit into one array. Read fewer files.");
        byte[] pixels = GC.AllocateUninitializedArray<byte>((int)counts.Sum() * records.Size.Length), labels = new byte[counts.Sum()];
        int start = 0;
        for (int i = 0; i < paths.Count; i++)
        {
            int count = (int)counts[i];
            records.Read(paths[i], count, labels.AsMemory(start, count),
                pixels.AsMemory(start * records.Size.Length, count * records.Size.Length));
            start += count;
        }

        return new MemoryDataset(name, records.Size, pixels, labels, classNames);
    }
}
