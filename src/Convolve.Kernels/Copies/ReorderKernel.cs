using System.Runtime.CompilerServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Copies;

//     for each image, each block of channels, each pixel, each channel of the block:  target = source
//
// source, target  [N][C][H][W] or [N][C/16][H][W][16], float32 or bfloat16; or any two layouts, element by element
// Bound: memory, through single elements where the order changes.

/// <summary>Copies into another layout or element type; what fills up blocks becomes 0.</summary>
internal sealed unsafe class ReorderKernel : TeamKernel
{
    private const int Block = Pixel.Channels;
    private readonly Layout _source, _target;
    private readonly bool _isFlat, _isImage;
    private readonly long[][] _from = [], _to = [];

    public ReorderKernel(Reorder operation) : base("own reorder", Speed.Tuned)
    {
        (_source, _target) = (operation.Source, operation.Target);
        Has(Argument.Source, _source);
        Has(Argument.Target, _target);
        _isFlat = (_source.IsPlain && _target.IsPlain)
            || (_source.Blocks.SequenceEqual(_target.Blocks) && _source.Order.SequenceEqual(_target.Order) && _source.IsBlockedBy(Block));
        _isImage = !_isFlat && _source.Sizes.Count == 4 && IsImage(_source) && IsImage(_target);
        if (_isFlat || _isImage)
            return;
        _from = [.. Enumerable.Range(0, _source.Sizes.Count).Select(_source.OffsetsOf)];
        _to = [.. Enumerable.Range(0, _target.Sizes.Count).Select(_target.OffsetsOf)];
    }

    private static bool IsImage(Layout layout) => layout.IsPlain || layout.IsBlockedBy(Block);

    protected override void Run(int phase, int thread, int threads)
    {
        bool fromHalves = _source.Type == ElementType.BFloat16, toHalves = _target.Type == ElementType.BFloat16;
        if (fromHalves)
        {
            if (toHalves)
                Run<BFloat16Pixel, BFloat16Pixel>(thread, threads);
            else
                Run<BFloat16Pixel, SinglePixel>(thread, threads);
        }
        else if (toHalves)
            Run<SinglePixel, BFloat16Pixel>(thread, threads);
        else
            Run<SinglePixel, SinglePixel>(thread, threads);
    }

    private void Run<TFrom, TTo>(int thread, int threads) where TFrom : struct, IPixel where TTo : struct, IPixel
    {
        byte* from = (byte*)At(Argument.Source), to = (byte*)At(Argument.Target);
        if (_isFlat)
        {
            long all = _target.Bytes * Block / TTo.Bytes, first = all / Block * thread / threads * Block;
            long end = thread == threads - 1 ? all : all / Block * (thread + 1) / threads * Block;
            if (Floats16.IsSupported)
                Flat<TFrom, TTo, Floats16>(from, to, first, end);
            else
                Flat<TFrom, TTo, Floats8>(from, to, first, end);
        }
        else if (_isImage)
        {
            int channels = (int)_source.Sizes[1], blocks = (channels + Block - 1) / Block, units = (int)_source.Sizes[0] * blocks;
            for (int unit = (int)((long)units * thread / threads); unit < (int)((long)units * (thread + 1) / threads); unit++)
                Image<TFrom, TTo>(from, to, unit / blocks, unit % blocks, blocks, channels);
        }
        else if (thread == 0)
        {
            new Span<byte>(to, checked((int)_target.Bytes)).Clear();
            Elements<TFrom, TTo>(from, to, 0, 0, 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Flat<TFrom, TTo, TVector>(byte* from, byte* to, long first, long end)
        where TFrom : struct, IPixel where TTo : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int fromBytes = TFrom.Bytes / Block, toBytes = TTo.Bytes / Block;
        for (; first + TVector.Count <= end; first += TVector.Count)
            TTo.Store(TFrom.Load<TVector>(from + first * fromBytes), to + first * toBytes);
        for (; first < end; first++)
            Write<TTo>(to, first, Read<TFrom>(from, first));
    }

    // bounds: the channels of a block that exist on the plain side, all of them on the blocked one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Image<TFrom, TTo>(byte* from, byte* to, int image, int block, int blocks, int channels)
        where TFrom : struct, IPixel where TTo : struct, IPixel
    {
        long area = _source.Sizes[2] * _source.Sizes[3];
        bool toBlocks = _source.IsPlain;
        long blocked = ((long)image * blocks + block) * area * Block, plain = ((long)image * channels + block * Block) * area;
        int used = Math.Min(Block, channels - block * Block);
        if (TFrom.Bytes == SinglePixel.Bytes && TTo.Bytes == SinglePixel.Bytes && (used == Block || !toBlocks))
        {
            float* source = (float*)from + (toBlocks ? plain : blocked), target = (float*)to + (toBlocks ? blocked : plain);
            if (Floats16.IsSupported)
                Turn<Floats16>(source, target, (int)area, used, toBlocks);
            else
                Turn<Floats8>(source, target, (int)area, used, toBlocks);
            return;
        }
        if (toBlocks)
        {
            for (long pixel = 0; pixel < area; pixel++)
                for (int c = 0; c < Block; c++)
                    Write<TTo>(to, blocked + pixel * Block + c, c < used ? Read<TFrom>(from, plain + c * area + pixel) : 0);
            return;
        }
        for (int c = 0; c < used; c++)
            for (long pixel = 0; pixel < area; pixel++)
                Write<TTo>(to, plain + c * area + pixel, Read<TFrom>(from, blocked + pixel * Block + c));
    }

    private static void Turn<TVector>(float* source, float* target, int area, int used, bool toBlocks)
        where TVector : unmanaged, IFloats<TVector>
    {
        if (toBlocks)
            Turning.Run<TVector>(source, area, Block, area, target, Block);
        else
            Turning.Run<TVector>(source, Block, area, used, target, area);
    }

    private void Elements<TFrom, TTo>(byte* from, byte* to, int axis, long source, long target)
        where TFrom : struct, IPixel where TTo : struct, IPixel
    {
        for (int i = 0; i < _source.Sizes[axis]; i++)
            if (axis + 1 < _from.Length)
                Elements<TFrom, TTo>(from, to, axis + 1, source + _from[axis][i], target + _to[axis][i]);
            else
                Write<TTo>(to, target + _to[axis][i], Read<TFrom>(from, source + _from[axis][i]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Read<TPixel>(byte* from, long at) where TPixel : struct, IPixel =>
        TPixel.Bytes == SinglePixel.Bytes ? ((float*)from)[at] : BFloat16.ToSingle(((ushort*)from)[at]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<TPixel>(byte* to, long at, float value) where TPixel : struct, IPixel
    {
        if (TPixel.Bytes == SinglePixel.Bytes)
            ((float*)to)[at] = value;
        else
            ((ushort*)to)[at] = BFloat16.FromSingle(value);
    }
}
