using Convolve.Data;
using Convolve.Data.Inputs;
using Microsoft.ML.OnnxRuntime;

namespace Convolve.OnnxRuntime;

/// <summary>The pictures of a batch as a network takes them.</summary>
internal sealed class InputBatch(OnnxInput input, Dataset data, ImagePipeline pipeline, int capacity)
{
    private readonly float[] _numbers = new float[input.Order == InputOrder.Bytes ? 0 : capacity * pipeline.Preprocessing.Size.Length];
    private byte[] _bytes = [];

    /// <summary>How many pictures fit.</summary>
    public int Capacity => capacity;

    /// <summary>A tensor of some pictures; valid until the next one. The rest of a fixed batch size is zeros.</summary>
    /// <exception cref="OnnxException">The network takes bytes of one size, and a picture has another.</exception>
    public OrtValue Load(IEnumerable<int> images)
    {
        int[] indices = [.. images];
        int count = input.Batch > 0 ? capacity : indices.Length;
        return input.Order == InputOrder.Bytes ? LoadBytes(indices, count) : LoadNumbers(indices, count);
    }

    private OrtValue LoadNumbers(int[] indices, int count)
    {
        ImageSize size = pipeline.Preprocessing.Size;
        bool isLast = input.Order == InputOrder.ChannelsLast;
        Array.Clear(_numbers);
        Parallel.For(0, indices.Length, i =>
        {
            Span<float> place = _numbers.AsSpan(i * size.Length, size.Length);
            pipeline.Write(data.PixelsOf(indices[i]), data.SizeOf(indices[i]), place);
            if (isLast)
                Interleave<float>(place.ToArray(), place, size.Channels);
        });
        return OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _numbers.AsMemory(0, count * size.Length),
            isLast ? [count, size.Height, size.Width, size.Channels] : [count, size.Channels, size.Height, size.Width]);
    }

    private OrtValue LoadBytes(int[] indices, int count)
    {
        ImageSize size = data.SizeOf(indices[0]);
        foreach (int i in indices)
            if (data.SizeOf(i) is var other && ((input.Height > 0 && other.Height != input.Height)
                || (input.Width > 0 && other.Width != input.Width) || other != size))
                throw new OnnxException($"The network takes pictures of {input.Height}x{input.Width}, and " +
                    $"{data.FileOf(i) ?? $"picture {i}"} has {other.Height}x{other.Width}. Export it for pictures of any size.");
        _bytes = new byte[count * size.Length];
        for (int i = 0; i < indices.Length; i++)
            Interleave<byte>(data.PixelsOf(indices[i]), _bytes.AsSpan(i * size.Length, size.Length), size.Channels);
        return OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _bytes.AsMemory(),
            [count, size.Height, size.Width, size.Channels]);
    }

    private static void Interleave<T>(ReadOnlySpan<T> planes, Span<T> pixels, int channels)
    {
        int area = planes.Length / channels;
        for (int c = 0; c < channels; c++)
            for (int i = 0; i < area; i++)
                pixels[i * channels + c] = planes[c * area + i];
    }
}
