using Convolve.Data;
using Convolve.Data.Inputs;
using Microsoft.ML.OnnxRuntime;

namespace Convolve.OnnxRuntime;

/// <summary>How a network takes its pictures.</summary>
internal enum InputOrder
{
    /// <summary>Normalized numbers, channel by channel: [N, channels, height, width].</summary>
    ChannelsFirst,

    /// <summary>Normalized numbers, the channels of a pixel together: [N, height, width, channels].</summary>
    ChannelsLast,

    /// <summary>Bytes as the picture has them, the channels of a pixel together.</summary>
    Bytes,
}

/// <summary>The one input of a network. A size of 0 is free.</summary>
internal sealed record OnnxInput(string Name, InputOrder Order, int Batch, int Channels, int Height, int Width)
{
    private const int Most = 1 << 16;

    /// <exception cref="OnnxException">There is more than one, or it doesn't take pictures.</exception>
    public static OnnxInput Of(string path, IReadOnlyDictionary<string, NodeMetadata> inputs)
    {
        if (inputs.Count != 1)
            throw new OnnxException(path, $"it has {inputs.Count} inputs ({string.Join(", ", inputs.Keys.Order())})",
                "Export it with the picture as its only input.");
        (string name, NodeMetadata form) = inputs.Single();
        Type type = form.IsTensor ? form.ElementType : typeof(void);
        int[] sizes = form.IsTensor ? [.. form.Dimensions.Select(size => Math.Max(size, 0))] : [];
        if (sizes.Length != 4 || sizes.Any(size => size > Most) || (type != typeof(float) && type != typeof(byte)))
            throw new OnnxException(path, $"its input {name} is {type.Name} [{string.Join(", ", sizes)}]",
                "Export it with float32 [N, channels, height, width], or bytes [N, height, width, channels].");
        return (type == typeof(byte), sizes[1], sizes[3]) switch
        {
            (true, _, 1 or 3) => new(name, InputOrder.Bytes, sizes[0], sizes[3], sizes[1], sizes[2]),
            (false, 1 or 3, _) => new(name, InputOrder.ChannelsFirst, sizes[0], sizes[1], sizes[2], sizes[3]),
            (false, _, 1 or 3) => new(name, InputOrder.ChannelsLast, sizes[0], sizes[3], sizes[1], sizes[2]),
            _ => throw new OnnxException(path, $"its input {name} is [{string.Join(", ", sizes)}], without 1 or 3 channels",
                "Export it for gray or color pictures."),
        };
    }

    /// <summary>Where the batches of a split are made.</summary>
    /// <exception cref="DatasetException">The pictures don't fit.</exception>
    public InputBatch CreateBatch(Split split, Preprocessing preprocessing, int batchSize)
    {
        if (Order != InputOrder.Bytes)
        {
            ImageSize size = preprocessing.Size;
            if (size.Channels != Channels || (Height > 0 && size.Height != Height) || (Width > 0 && size.Width != Width))
                throw new DatasetException($"The network takes pictures of {Channels}x{Height}x{Width}, but they are prepared as {size}. " +
                    $"Prepare them in the network's size.");
        }
        else if (split.Dataset.Channels != Channels)
        {
            throw new DatasetException($"The network takes pictures of {Channels} channels, but those of {split.Dataset.Name} have " +
                $"{split.Dataset.Channels}. Evaluate it on a data set with its channels.");
        }
        int capacity = Batch > 0 ? Batch : Order == InputOrder.Bytes ? 1 : Math.Clamp(split.Count, 1, batchSize);
        return new(this, split.Dataset, new(preprocessing, split.Dataset.Channels), capacity);
    }
}
