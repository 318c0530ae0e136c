using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>
/// Images to patches: row dy, column dx of a 4x4 patch becomes channel 4 dy + dx of its block; what lies outside of the image is 0.
/// </summary>
internal sealed unsafe class SpaceToDepthKernel(Step step, SpaceToDepthWork work, Binder binder) : ITeamWork
{
    private const int Stride = 4, Block = Stride * Stride;
    private readonly nint _source = binder.Address(step[Argument.Source]), _target = binder.Address(step[Argument.Target]);
    private readonly long _planes = step[Argument.Source].Layout.Sizes[0] * work.Shape.Channels;

    public void Run(int thread, int threads)
    {
        DepthShape s = work.Shape;
        for (long plane = _planes * thread / threads; plane < _planes * (thread + 1) / threads; plane++)
        {
            ushort* source = (ushort*)_source + plane * s.Height * s.Width;
            ushort* target = (ushort*)_target + plane * s.DeepHeight * s.DeepWidth * Block;
            for (int y = 0; y < s.DeepHeight; y++)
                Row(s, source, target + (long)y * s.DeepWidth * Block, y * Stride - s.PadTop);
        }
    }

    // The patches of a row that lie within the image are copied by rows of 8 bytes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(DepthShape s, ushort* source, ushort* target, int top)
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
internal sealed unsafe class WeightsToDepthKernel(Step step, WeightsToDepthWork work, Binder binder) : ITeamWork
{
    private const int Stride = 4;
    private readonly nint _source = binder.Address(step[Argument.Source]), _target = binder.Address(step[Argument.Target]);

    public void Run(int thread, int threads)
    {
        DepthShape s = work.Shape;
        int deepArea = s.DeepKernelHeight * s.DeepKernelWidth;
        float* plain = (float*)(work.IsBack ? _target : _source), deep = (float*)(work.IsBack ? _source : _target);
        if (!work.IsBack)
            NativeMemory.Clear(deep, (nuint)((long)s.Filters * s.DeepChannels * deepArea * sizeof(float)));
        for (long plane = 0; plane < (long)s.Filters * s.Channels; plane++)
            for (int y = 0; y < s.KernelHeight; y++)
                for (int x = 0; x < s.KernelWidth; x++)
                {
                    int channel = y % Stride * Stride + x % Stride;
                    float* at = deep + (plane * Stride * Stride + channel) * deepArea + y / Stride * s.DeepKernelWidth + x / Stride;
                    float* value = plain + (plane * s.KernelHeight + y) * s.KernelWidth + x;
                    if (work.IsBack)
                        *value = *at;
                    else
                        *at = *value;
                }
    }
}
