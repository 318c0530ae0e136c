using Convolve.Data;
using Convolve.Execution;
using Convolve.OneDnn;
using Convolve.Planning;

namespace Convolve.Training;

/// <summary>Writes batches into the input of a pass, with the whole team, between the steps: one copy, already resized, normalised and in the plan's precision.</summary>
internal sealed class BatchLoader : ITeamWork, IDisposable
{
    private readonly Dataset _data;
    private readonly ImagePipeline _pipeline;
    private readonly TeamTask _task;
    private readonly int _elements;
    private readonly int[] _batch;
    private Executor? _pass;
    [ThreadStatic]
    private static byte[]? _buffer;

    private int _count;

    /// <param name="data">Where the images are.</param>
    /// <param name="pipeline">How they become input.</param>
    /// <param name="largestBatch">Images of the largest batch.</param>
    public BatchLoader(Dataset data, ImagePipeline pipeline, int largestBatch)
    {
        (_data, _pipeline, _batch) = (data, pipeline, new int[largestBatch]);
        ImageSize size = pipeline.Preprocessing.Size;
        _elements = checked(size.Channels * size.Height * size.Width);
        _task = new(this);
    }

    /// <summary>Fills the input and the labels of a pass of as many images; on the executor thread.</summary>
    public void Load(ReadOnlySpan<int> images, Executor pass)
    {
        images.CopyTo(_batch);
        (_pass, _count) = (pass, images.Length);
        for (int i = 0; i < images.Length; i++)
            pass.Labels[i] = _data.LabelOf(images[i]);
        ThreadTeam.Run(_task);
    }

    void ITeamWork.Run(int thread, int threads)
    {
        bool isFloat32 = _pass!.Plan.Options.Precision == Precision.Float32;
        for (int i = (int)((long)_count * thread / threads); i < (int)((long)_count * (thread + 1) / threads); i++)
        {
            ImageSize size = _data.SizeOf(_batch[i]);
            ReadOnlySpan<byte> pixels = _data.Read(_batch[i], Buffer(_data.BufferLengthOf(_batch[i])));
            if (isFloat32)
                _pipeline.Write(pixels, size, _pass.InputFloat32.Slice(i * _elements, _elements));
            else
                _pipeline.Write(pixels, size, _pass.InputBFloat16.Slice(i * _elements, _elements));
        }
    }

    private static Span<byte> Buffer(int length)
    {
        if (_buffer is null || _buffer.Length < length)
            _buffer = new byte[length];
        return _buffer;
    }

    public void Dispose() => _task.Dispose();
}
