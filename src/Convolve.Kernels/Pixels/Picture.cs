namespace Convolve.Kernels.Pixels;

/// <summary>An image on its way through transforms: its bytes in planes, and the two buffers of the thread that it moves between.</summary>
internal ref struct Picture(ReadOnlySpan<byte> pixels, PictureSize size, PictureScratch scratch)
{
    private bool _isInFirst;
    private bool _isWritable;

    public ReadOnlySpan<byte> Pixels { get; private set; } = pixels;

    public PictureSize Size { get; private set; } = size;

    public readonly PictureScratch Scratch => scratch;

    /// <summary>Makes the picture another one, of undefined bytes, that the caller writes next; the old ones are good until then.</summary>
    public Span<byte> Become(PictureSize size)
    {
        _isInFirst = !_isInFirst;
        _isWritable = true;
        Size = size;
        Span<byte> room = scratch.Room(_isInFirst, size.Length);
        Pixels = room;
        return room;
    }

    /// <summary>The picture's bytes, to be changed in place.</summary>
    public Span<byte> Edit()
    {
        if (_isWritable)
            return scratch.Room(_isInFirst, Size.Length);
        ReadOnlySpan<byte> kept = Pixels;
        Span<byte> copy = Become(Size);
        kept.CopyTo(copy);
        return copy;
    }
}

/// <summary>What a thread keeps from image to image. Grows to the largest image it has met, and allocates nothing more.</summary>
internal sealed class PictureScratch
{
    [ThreadStatic]
    private static PictureScratch? _ofThread;

    private byte[] _first = [], _second = [], _source = [], _kept = [], _band = [];

    public static PictureScratch OfThread => _ofThread ??= new();

    public ResizeWeights Rows { get; } = new();

    public ResizeWeights Columns { get; } = new();

    public Span<byte> Room(bool first, int length) => first ? Grown(ref _first, length) : Grown(ref _second, length);

    /// <summary>Room for the bytes of an image that a set reads on demand.</summary>
    public Span<byte> Source(int length) => Grown(ref _source, length);

    /// <summary>Room for what is kept of such an image.</summary>
    public Span<byte> Kept(int length) => Grown(ref _kept, length);

    /// <summary>Room for what a transform holds in between.</summary>
    public Span<byte> Band(int length) => Grown(ref _band, length);

    private static Span<byte> Grown(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<byte>(length);
        return buffer.AsSpan(0, length);
    }
}
