using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Copies;

//     for each plane, each row of patches, each of 4 rows in it:  four numbers at a time
//
// source  [N][C][H][W] bfloat16, target [N][C][H/4][W/4][16] bfloat16; weights [O][C][H][W] and [O][C][16][H/4][W/4] float32
// L1: four rows of the image and a row of patches. Bound: one load and one store for each 8 bytes.

/// <summary>
/// Images to patches: row dy, column dx of a 4x4 patch becomes channel 4 dy + dx of its block; what is outside the image is 0.
/// </summary>
/// <param name="shape">The convolution that the patches are for.</param>
/// <param name="images">How many.</param>
/// <param name="source">Images in bfloat16, [N][C][H][W].</param>
/// <param name="target">Patches, [N][C][H/4][W/4][16].</param>
internal sealed unsafe class SpaceToDepthKernel(SpaceToDepthShape shape, long images, nint source, nint target) : ITeamWork
{
    private const int Stride = 4, Block = Stride * Stride;
    private readonly nint _source = source, _target = target;
    private readonly long _planes = images * shape.Channels;

    public void Run(int thread, int threads)
    {
        SpaceToDepthShape s = shape;
        for (long plane = _planes * thread / threads; plane < _planes * (thread + 1) / threads; plane++)
        {
            ushort* source = (ushort*)_source + plane * s.Height * s.Width;
            ushort* target = (ushort*)_target + plane * s.DeepHeight * s.DeepWidth * Block;
            for (int y = 0; y < s.DeepHeight; y++)
                Row(s, source, target + (long)y * s.DeepWidth * Block, y * Stride - s.PadTop);
        }
    }

    // The patches of a row that are within the image are copied by rows of 8 bytes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(SpaceToDepthShape s, ushort* source, ushort* target, int top)
    {
        int inner = s.PadLeft == 0 ? Math.Min(s.DeepWidth, s.Width / Stride) : 0;
        for (int dy = 0; dy < Stride; dy++)
        {
            int row = top + dy;
            bool inside = (uint)row < (uint)s.Height;
            ushort* from = source + (long)row * s.Width;
            for (int x = 0; x < inner; x++)
                *(ulong*)(target + x * Block + dy * Stride) = inside ? *(ulong*)(from + x * Stride) : 0;
            for (int x = inner; x < s.DeepWidth; x++)
                for (int dx = 0; dx < Stride; dx++)
                {
                    int column = x * Stride + dx - s.PadLeft;
                    target[x * Block + dy * Stride + dx] = inside && (uint)column < (uint)s.Width ? from[column] : (ushort)0;
                }
        }
    }
}

/// <summary>A kernel to the one that works on patches, with zeros where it sticks out; or a gradient back, without them.</summary>
/// <param name="shape">The convolution.</param>
/// <param name="plain">Weights [O][C][H][W].</param>
/// <param name="deep">Weights [O][C][16][H/4][W/4].</param>
/// <param name="isBack">From deep to plain.</param>
internal sealed unsafe class WeightsToDepthKernel(SpaceToDepthShape shape, nint plain, nint deep, bool isBack) : ITeamWork
{
    private const int Stride = 4;
    private readonly nint _plain = plain, _deep = deep;

    public void Run(int thread, int threads)
    {
        SpaceToDepthShape s = shape;
        int deepArea = s.DeepKernelHeight * s.DeepKernelWidth;
        float* plain = (float*)_plain, deep = (float*)_deep;
        if (!isBack)
            NativeMemory.Clear(deep, (nuint)((long)s.Filters * s.DeepChannels * deepArea * sizeof(float)));
        for (long plane = 0; plane < (long)s.Filters * s.Channels; plane++)
            for (int y = 0; y < s.KernelHeight; y++)
                for (int x = 0; x < s.KernelWidth; x++)
                {
                    int channel = y % Stride * Stride + x % Stride;
                    float* at = deep + (plane * Stride * Stride + channel) * deepArea + y / Stride * s.DeepKernelWidth + x / Stride;
                    float* value = plain + (plane * s.KernelHeight + y) * s.KernelWidth + x;
                    if (isBack)
                        *value = *at;
                    else
                        *at = *value;
                }
    }
}
