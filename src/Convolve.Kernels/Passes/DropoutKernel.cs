using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Passes;

//     for each 16 elements:  target = source * (mix(key, element) >= threshold ? scale : 0)
//
// source, target  plain, float32 or bfloat16; may be the same
// Registers: key, threshold and scale. Bound: the two products of the mix in L1 and L2, memory beyond.

/// <summary>Masks and scales; forward and backward are the same product with the same mask, drawn again from its counter.</summary>
/// <remarks>
/// The mask's bits are a mix of (seed, step, layer, element of the whole batch), so they depend on neither threads nor vector width, nor on
/// how a batch is divided into parts. What is dropped is multiplied by 0, as in PyTorch: NaN stays NaN.
/// </remarks>
internal sealed unsafe class DropoutKernel : ITeamWork
{
    private const int Block = 16;
    private readonly nint _source, _target;
    private readonly long _elements;
    private readonly uint _imageElements;
    private readonly bool _isBFloat16;
    private readonly uint _threshold, _layer;
    private readonly float _scale;
    private readonly PassState _state;

    /// <param name="layout">Plain, of both tensors.</param>
    /// <param name="source">Its address.</param>
    /// <param name="target">The address of the result, which may be the same.</param>
    /// <param name="probability">The share that is zeroed.</param>
    /// <param name="layer">What keys the mask.</param>
    /// <param name="state">Seed and step.</param>
    public DropoutKernel(Layout layout, nint source, nint target, float probability, int layer, PassState state)
    {
        (_source, _target, _state) = (source, target, state);
        _elements = layout.Sizes.Aggregate(1L, (product, size) => product * size);
        _imageElements = (uint)(_elements / layout.Sizes[0]);
        _isBFloat16 = layout.Type == ElementType.BFloat16;
        _threshold = (uint)(probability * (double)(1UL << 32));
        _scale = 1 / (1 - probability);
        _layer = (uint)layer;
    }

    public void Run(int thread, int threads)
    {
        long blocks = (_elements + Block - 1) / Block;
        long from = blocks * thread / threads * Block, to = Math.Min(_elements, blocks * (thread + 1) / threads * Block);
        uint key = Mix((uint)_state.Seed ^ Mix((uint)(_state.Seed >> 32) ^ Mix(_state.Step ^ Mix(_layer + 0x9E3779B9))));
        uint first = (uint)_state.FirstImage * _imageElements;
        if (_isBFloat16)
            MaskBFloat16((ushort*)_source, (ushort*)_target, from, to, first, key, _threshold, _scale);
        else
            MaskFloat32((float*)_source, (float*)_target, from, to, first, key, _threshold, _scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MaskFloat32(float* source, float* target, long from, long to, uint first, uint key, uint threshold, float scale)
    {
        Vector512<uint> limit = Vector512.Create(threshold), keys = Vector512.Create(key);
        Vector512<float> scales = Vector512.Create(scale);
        long i = from;
        for (; i + Block <= to; i += Block)
        {
            Vector512<uint> bits = Mix((Vector512.Create((uint)i + first) + Vector512<uint>.Indices) ^ keys);
            Vector512<float> kept = Vector512.GreaterThanOrEqual(bits, limit).AsSingle();
            Vector512.Store(Vector512.Load(source + i) * (scales & kept), target + i);
        }
        for (; i < to; i++)
            target[i] = source[i] * (Mix(((uint)i + first) ^ key) >= threshold ? scale : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MaskBFloat16(ushort* source, ushort* target, long from, long to, uint first, uint key, uint threshold, float scale)
    {
        Vector512<uint> limit = Vector512.Create(threshold), keys = Vector512.Create(key);
        Vector512<float> scales = Vector512.Create(scale);
        long i = from;
        for (; i + Block <= to; i += Block)
        {
            Vector512<uint> bits = Mix((Vector512.Create((uint)i + first) + Vector512<uint>.Indices) ^ keys);
            Vector512<uint> kept = Vector512.GreaterThanOrEqual(bits, limit);
            Vector512<uint> wide = BFloat16.Widen(Vector256.Load(source + i));
            Vector256.Store(BFloat16.Narrow(wide.AsSingle() * (scales & kept.AsSingle())), target + i);
        }
        for (; i < to; i++)
            target[i] = BFloat16.FromSingle(BFloat16.ToSingle(source[i]) * (Mix(((uint)i + first) ^ key) >= threshold ? scale : 0));
    }

    // "lowbias32" of Chris Wellons' hash prospector: bias 0.17.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Mix(uint x)
    {
        x = (x ^ (x >> 16)) * 0x7feb352d;
        x = (x ^ (x >> 15)) * 0x846ca68b;
        return x ^ (x >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Mix(Vector512<uint> x)
    {
        x = (x ^ (x >>> 16)) * 0x7feb352d;
        x = (x ^ (x >>> 15)) * 0x846ca68b;
        return x ^ (x >>> 16);
    }
}
