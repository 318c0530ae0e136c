using Convolve.Data.Fetching;
using Convolve.Data.Transforms;

namespace Convolve.Data.Caching;

/// <summary>The kept pictures of a run: of its training and its validation split, within one limit.</summary>
/// <remarks>
/// Pictures that are tested are needed once, so they are kept only where a later run may find them: in files, if nothing else is.
/// </remarks>
internal sealed class PictureCaches
{
    private const string Folder = "pictures";

    private PictureCaches(DataSplits data, TransformList training, TransformList evaluation, ImageSize target)
    {
        bool isShared = training.Equals(evaluation) && data.Train.Dataset == data.Validation.Dataset;
        IEnumerable<int> images = isShared ? data.Train.Indices.Concat(data.Validation.Indices) : data.Train.Indices;
        Training = For(data.Train.Dataset, images, training, target);
        Validation = isShared ? Training : For(data.Validation.Dataset, data.Validation.Indices, evaluation, target);
        Test = ForTest(data.Test, evaluation, target);
    }

    /// <summary>Of the pictures that are trained on; null if these are at hand as they are, or mustn't be kept.</summary>
    public PictureCache? Training { get; }

    /// <summary>Of the pictures that are validated on; the same object if the same is kept of them.</summary>
    public PictureCache? Validation { get; }

    /// <summary>Of the pictures that are tested on.</summary>
    public PictureCache? Test { get; }

    /// <summary>The memory that all of them take.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>What a run keeps.</summary>
    /// <param name="data">Its pictures.</param>
    /// <param name="transforms">The recipe's.</param>
    /// <param name="target">The network's input.</param>
    /// <exception cref="DatasetException">A transform does not fit an image, or what comes out does not fit the network.</exception>
    public static PictureCaches Of(DataSplits data, TransformList transforms, ImageSize target)
    {
        TransformList training = transforms.For(data.Train, target), evaluation = training.Evaluation(data.Train.Dataset.Size);
        // Without transforms, training does what evaluation does.
        return new(data, training.Count == 0 ? evaluation : training, evaluation, target);
    }

    /// <summary>What is kept of pictures that are needed once; null for nothing.</summary>
    /// <param name="split">The pictures.</param>
    /// <param name="evaluation">What is done to them.</param>
    /// <param name="target">The network's input.</param>
    public static PictureCache? ForTest(Split split, TransformList evaluation, ImageSize target) =>
        split.Dataset.Caching is { OnDisk: true, MostMemoryBytes: 0 }
            ? new(split.Dataset, new(evaluation, target), split.Indices, 0, Files()) : null;

    private PictureCache? For(Dataset data, IEnumerable<int> images, TransformList steps, ImageSize target)
    {
        if (data.Caching is not { } caching)
            return null;
        PictureCache cache = new(data, new(steps, target), images, Math.Max(caching.MostMemoryBytes - MemoryBytes, 0),
            caching.OnDisk ? Files() : null);
        MemoryBytes += cache.MemoryBytes;
        return cache;
    }

    private static PictureFiles Files() => new(Path.Combine(DatasetEnvironment.Current().CacheDirectory, Folder));
}
