using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>Max or average pooling of any window, or its gradient: by vectors on blocks of 16 channels, else element by element.</summary>
internal sealed unsafe class PoolingKernel : TeamKernel
{
    private readonly PoolingForward _forward;
    private readonly BlockedPool _pool;
    private readonly bool _isBack, _isBlocked, _isBFloat16, _hasPlaces;

    public PoolingKernel(PoolingForward operation, Layout target) : base(NameOf(operation, operation.Source), SpeedOf(operation.Source))
    {
        (_forward, _isBlocked, _pool) = (operation, IsByVectors(operation, operation.Source), PoolOf(operation, operation.Source, target));
        _isBFloat16 = operation.Source.Type == ElementType.BFloat16;
        _hasPlaces = operation is { IsTraining: true, Kind: PoolingKind.Max };
        Has(Argument.Source, operation.Source);
        Has(Argument.Target, target);
        if (_hasPlaces)
            Has(Argument.Workspace, Places(operation, target));
    }

    public PoolingKernel(PoolingBackward operation, Layout diffSource)
        : base(NameOf(operation.Forward, diffSource), SpeedOf(diffSource))
    {
        (_forward, _isBack, _isBlocked) = (operation.Forward, true, IsByVectors(operation.Forward, diffSource));
        _pool = PoolOf(operation.Forward, diffSource, operation.DiffTarget);
        _isBFloat16 = diffSource.Type == ElementType.BFloat16;
        Has(Argument.DiffSource, diffSource);
        Has(Argument.DiffTarget, operation.DiffTarget);
        _hasPlaces = operation.Forward.Kind == PoolingKind.Max;
        if (_hasPlaces)
            Has(Argument.Workspace, Places(operation.Forward, operation.DiffTarget));
    }

    // A place is a byte, and one value is kept free.
    private static bool IsByVectors(PoolingForward operation, Layout source) => source.IsBlockedBy(Pixel.Channels)
        && (operation.Kind != PoolingKind.Max || operation.Kernel.Height * operation.Kernel.Width <= BlockedPool.Nowhere);

    private static string NameOf(PoolingForward operation, Layout source) =>
        IsByVectors(operation, source) ? "own pooling" : "own pooling by elements";

    // Few plain channels are not worth a copy in blocks.
    private static Speed SpeedOf(Layout source) => source.IsBlockedBy(Pixel.Channels) ? Speed.Tuned
        : source.Sizes[1] < Pixel.Channels / 2 ? Speed.Generic : Speed.Reference;

    private static Layout Places(PoolingForward operation, Layout target) => IsByVectors(operation, target)
        ? Layout.Plain(ElementType.UInt8, target.Bytes * Pixel.Channels / (target.Type == ElementType.BFloat16 ? BFloat16Pixel.Bytes
            : SinglePixel.Bytes))
        : Layout.Plain(ElementType.Int32, [.. target.Sizes]);

    private static BlockedPool PoolOf(PoolingForward operation, Layout source, Layout target)
    {
        int channels = (int)source.Sizes[1];
        int planes = (int)source.Sizes[0] * (source.IsBlockedBy(Pixel.Channels) ? Pixel.Blocks(channels) : channels);
        return new(planes, (int)source.Sizes[2], (int)source.Sizes[3], operation.Kernel.Height, operation.Kernel.Width,
            operation.Walk.Stride.Height, operation.Walk.Stride.Width, operation.Walk.Before.Height, operation.Walk.Before.Width,
            (int)target.Sizes[2], (int)target.Sizes[3]);
    }

    protected override void Run(int phase, int thread, int threads)
    {
        if (_isBFloat16)
            Run<BFloat16Pixel>(thread, threads);
        else
            Run<SinglePixel>(thread, threads);
    }

    private void Run<TPixel>(int thread, int threads) where TPixel : struct, IPixel
    {
        byte* from = (byte*)At(_isBack ? Argument.DiffTarget : Argument.Source);
        byte* to = (byte*)At(_isBack ? Argument.DiffSource : Argument.Target), places = _hasPlaces ? (byte*)At(Argument.Workspace) : null;
        if (!_isBlocked)
            ElementPooling.Run<TPixel>(_forward, _pool, PlainChannels, _isBack, from, to, (int*)places, thread, threads);
        else if (_forward.Kind != PoolingKind.Max)
            Average<TPixel>(from, to, thread, threads);
        else if (_isBack)
            BlockedMaxPooling.Backward<TPixel>(_pool, from, places, to, thread, threads);
        else
            BlockedMaxPooling.Forward<TPixel>(_pool, from, to, places, false, thread, threads);
    }

    private int PlainChannels => _forward.Source.IsBlockedBy(Pixel.Channels) ? (int)_forward.Source.Sizes[1] : 0;

    private void Average<TPixel>(byte* from, byte* to, int thread, int threads) where TPixel : struct, IPixel
    {
        bool countsPadding = _forward.Kind == PoolingKind.AverageWithPadding;
        if (Floats16.IsSupported)
            AveragePooling.Run<TPixel, Floats16>(_pool, countsPadding, _isBack, from, to, thread, threads);
        else
            AveragePooling.Run<TPixel, Floats8x2>(_pool, countsPadding, _isBack, from, to, thread, threads);
    }
}
