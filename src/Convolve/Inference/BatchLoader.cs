using Convolve.Data;
using Convolve.Data.Caching;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Kernels.Pixels;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Inference;

/// <summary>
/// Writes batches into the input of a pass, with the whole team, between the steps: read, transformed, resized, normalized and in the
/// plan's precision, in one go per image.
/// </summary>
internal sealed class BatchLoader : ITeamWork, IDisposable
{
    private readonly Dataset _data;
    private readonly ImagePipeline _pipeline;
    private readonly Augmentation? _augmentation;
    private readonly BatchMixer? _mixer;
    private readonly PictureCache? _cache;
    private readonly TeamTask _task;
    private readonly int _elements;
    private readonly int[] _batch;
    private Executor? _pass;
    private BatchMix _mix = BatchMix.None;
    private int _count, _epoch;
    private bool _isSecondPass;

    /// <param name="data">Where the images are.</param>
    /// <param name="pipeline">How they become input.</param>
    /// <param name="largestBatch">Images of the largest batch.</param>
    /// <param name="augmentation">What is done to them on the way in training; null for what the pipeline does alone.</param>
    /// <param name="seed">The run's seed, for what mixes batches.</param>
    /// <param name="cache">What is kept of the images for that augmentation, or for the pipeline alone; null for nothing.</param>
    public BatchLoader(Dataset data, ImagePipeline pipeline, int largestBatch, Augmentation? augmentation = null, ulong seed = 0,
        PictureCache? cache = null)
    {
        (_data, _pipeline, _augmentation, _batch, _cache) = (data, pipeline, augmentation, new int[largestBatch], cache);
        ImageSize size = pipeline.Preprocessing.Size;
        _elements = size.Length;
        _mixer = augmentation?.Transforms.Any(t => t.MixesBatch) == true ? new(augmentation.Transforms, size, seed) : null;
        _task = new(this);
    }

    /// <summary>Whether batches may be mixed: targets are then shares of two classes.</summary>
    public bool IsMixing => _mixer is not null;

    /// <summary>Fills the input and the labels of a pass of as many images; on the executor thread.</summary>
    /// <param name="images">Which ones.</param>
    /// <param name="pass">Whose input.</param>
    /// <param name="epoch">The epoch, from 0: what random transforms do depends on it.</param>
    /// <param name="step">Counts the steps of the run: what mixes batches depends on it.</param>
    public void Load(ReadOnlySpan<int> images, Executor pass, int epoch = 0, uint step = 0)
    {
        images.CopyTo(_batch);
        (_pass, _count, _epoch) = (pass, images.Length, epoch);
        for (int i = 0; i < images.Length; i++)
            pass.Labels[i] = _data.LabelOf(images[i]);
        ThreadTeam.Run(_task);
        _mix = _mixer?.Draw(step) ?? BatchMix.None;
        pass.IsMixed = IsMixing; // also where this batch is left as it is: the targets of the run are shares
        for (int i = 0; IsMixing && i < images.Length; i++)
            (pass.SecondLabels[i], pass.FirstShares[i]) = _mix == BatchMix.None ? (pass.Labels[i], 1)
                : (pass.Labels[images.Length - 1 - i], _mix.Share);
        if (_mix == BatchMix.None)
            return;
        _isSecondPass = true;
        try
        {
            ThreadTeam.Run(_task);
        }
        finally
        {
            _isSecondPass = false;
        }
    }

    void ITeamWork.Run(int thread, int threads)
    {
        bool isFloat32 = _pass!.Plan.Options.Precision == Precision.Float32;
        int work = _isSecondPass ? _count / 2 : _count;
        for (int i = (int)((long)work * thread / threads); i < (int)((long)work * (thread + 1) / threads); i++)
        {
            if (_isSecondPass && isFloat32)
                _mixer!.Apply(_mix, Of(_pass.InputFloat32, i), Of(_pass.InputFloat32, _count - 1 - i));
            else if (_isSecondPass)
                _mixer!.Apply(_mix, Of(_pass.InputBFloat16, i), Of(_pass.InputBFloat16, _count - 1 - i));
            else if (isFloat32)
                Write(_batch[i], Of(_pass.InputFloat32, i));
            else
                Write(_batch[i], Of(_pass.InputBFloat16, i));
        }
    }

    public void Dispose() => _task.Dispose();

    private Span<T> Of<T>(Span<T> inputs, int image) => inputs.Slice(image * _elements, _elements);

    private void Write(int image, Span<float> input)
    {
        KeptPicture picture = Read(image);
        if (_augmentation is null)
            _pipeline.Write(picture, input);
        else
            _augmentation.Write(picture, _epoch, image, input);
    }

    private void Write(int image, Span<ushort> input)
    {
        KeptPicture picture = Read(image);
        if (_augmentation is null)
            _pipeline.Write(picture, input);
        else
            _augmentation.Write(picture, _epoch, image, input);
    }

    private KeptPicture Read(int image) => _cache is not null ? _cache.Read(image)
        : new(_data.Read(image, PictureScratch.OfThread.Source(_data.BufferLengthOf(image))), _data.SizeOf(image));
}
