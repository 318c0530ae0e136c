using Convolve.Data.Inputs;
using Convolve.Kernels.Pixels;

namespace Convolve.Data.Caching;

/// <summary>
/// The pictures of a data set, each decoded once: reduced to what its transforms can ask for, and kept in memory or in files.
/// </summary>
/// <remarks>
/// Which are kept in memory is decided at the start, so that the memory is known. Safe to use from several threads at once: a picture is
/// made by the first that asks for it, and others wait for it.
/// </remarks>
internal sealed class PictureCache
{
    private enum State : byte
    {
        /// <summary>Nobody has asked for it, or it could not be made.</summary>
        Unknown,

        /// <summary>A thread is making it.</summary>
        Working,

        /// <summary>In memory.</summary>
        Memory,

        /// <summary>In a file.</summary>
        File,

        /// <summary>Kept nowhere: there is no room.</summary>
        Nowhere,
    }

    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim?[] _waits;
    private readonly Dataset _data;
    private readonly PictureReduction _reduction;
    private readonly PictureFiles? _files;
    private readonly State[] _states;
    private readonly bool[] _isForMemory;
    private readonly byte[]?[] _memory;

    /// <param name="data">The pictures.</param>
    /// <param name="reduction">What is kept of them.</param>
    /// <param name="images">Those that are kept.</param>
    /// <param name="mostMemoryBytes">How much memory may be used.</param>
    /// <param name="files">Where the others are kept; null for nowhere.</param>
    public PictureCache(Dataset data, PictureReduction reduction, IEnumerable<int> images, long mostMemoryBytes, PictureFiles? files)
    {
        (_data, _reduction, _files) = (data, reduction, files);
        (_states, _isForMemory, _memory) = (new State[data.Count], new bool[data.Count], new byte[data.Count][]);
        _waits = new ManualResetEventSlim?[data.Count];
        foreach (int i in images)
        {
            int length = reduction.LengthOf(data.SizeOf(i));
            if (_isForMemory[i] || MemoryBytes + length > mostMemoryBytes)
                continue;
            (_isForMemory[i], MemoryBytes) = (true, MemoryBytes + length);
        }
    }

    /// <summary>The memory that the pictures take once all were needed.</summary>
    public long MemoryBytes { get; }

    /// <summary>A picture, as far as it is kept; valid until the thread reads the next one.</summary>
    /// <exception cref="DatasetException">Its file cannot be read, or has changed.</exception>
    public KeptPicture Read(int image)
    {
        ImageSize size = _data.SizeOf(image);
        if (Volatile.Read(ref _memory[image]) is { } kept)
            return _reduction.Of(kept, size);
        State state = Begin(image, waits: true);
        if (state == State.Unknown)
            return _reduction.Of(Make(image, size), size);
        if (state == State.Memory)
            return _reduction.Of(_memory[image], size);
        Span<byte> buffer = PictureScratch.OfThread.Kept(_reduction.LengthOf(size));
        if (state != State.File || !_files!.TryRead(PathOf(image), buffer))
            Decode(image, size, buffer);
        return _reduction.Of(buffer, size);
    }

    /// <summary>Makes a picture before it is needed, unless somebody has; whoever needs it reports what is wrong with it.</summary>
    public void Prepare(int image)
    {
        if (Begin(image, waits: false) != State.Unknown)
            return;
        try
        {
            Make(image, _data.SizeOf(image));
        }
        catch (Exception e) when (e is DatasetException or OutOfMemoryException)
        {
            // It is unknown again.
        }
    }

    // Gives Unknown to the thread that is to make the picture.
    private State Begin(int image, bool waits)
    {
        while (true)
        {
            ManualResetEventSlim wait;
            lock (_lock)
            {
                State state = _states[image];
                if (state == State.Unknown)
                    _states[image] = State.Working;
                if (state != State.Working || !waits)
                    return state;
                wait = _waits[image] ??= new();
            }
            wait.Wait();
        }
    }

    private ReadOnlySpan<byte> Make(int image, ImageSize size)
    {
        State end = State.Unknown;
        try
        {
            int length = _reduction.LengthOf(size);
            if (_isForMemory[image])
            {
                byte[] kept = GC.AllocateUninitializedArray<byte>(length);
                Decode(image, size, kept);
                Volatile.Write(ref _memory[image], kept);
                end = State.Memory;
                return kept;
            }
            Span<byte> buffer = PictureScratch.OfThread.Kept(length);
            if (_files is null)
            {
                Decode(image, size, buffer);
                end = State.Nowhere;
            }
            else if (_files.TryRead(PathOf(image), buffer))
            {
                PictureFiles.Touch(PathOf(image));
                end = State.File;
            }
            else
            {
                Decode(image, size, buffer);
                end = _files.TryWrite(PathOf(image), buffer) ? State.File : State.Nowhere;
            }
            return buffer;
        }
        finally
        {
            lock (_lock)
            {
                _states[image] = end;
                _waits[image]?.Set();
                _waits[image] = null;
            }
        }
    }

    private void Decode(int image, ImageSize size, Span<byte> kept) =>
        _reduction.Reduce(_data.Read(image, PictureScratch.OfThread.Source(_data.BufferLengthOf(image))), size, kept);

    private string PathOf(int image) => _files!.PathOf(_data.DigestOf(image), _data.Channels, _reduction);
}
