using Convolve.Kernels.Contract;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

//     for each plane of a channel, each output:  its window
//
// planes  [H][W], a step apart, float32 or bfloat16; places [plane][OH][OW], each a pixel's number in its plane
// Bound: instructions, some for each place of a window.

/// <summary>
/// Pooling element by element: of plain channels, and by max windows of more places than a byte holds. A NaN is the largest.
/// </summary>
internal static unsafe class ElementPooling
{
    /// <summary>A thread's share of the planes.</summary>
    /// <param name="operation">The pooling.</param>
    /// <param name="pool">Its sizes.</param>
    /// <param name="blockedChannels">The channels of an image whose planes are in blocks of 16; 0 where they are plain.</param>
    /// <param name="isBack">Whether it is the gradient.</param>
    /// <param name="from">The images, or the gradient behind the pooling.</param>
    /// <param name="to">The result.</param>
    /// <param name="places">Of the maxima, or null.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">How many share the work.</param>
    public static void Run<TPixel>(PoolingForward operation, in BlockedPool pool, int blockedChannels, bool isBack, byte* from, byte* to,
        int* places, int thread, int threads) where TPixel : struct, IPixel
    {
        bool isBlocked = blockedChannels > 0;
        int step = isBlocked ? Pixel.Channels : 1, area = pool.Height * pool.Width, outArea = pool.OutHeight * pool.OutWidth;
        for (int plane = (int)((long)pool.Planes * thread / threads); plane < (int)((long)pool.Planes * (thread + 1) / threads); plane++)
            for (int lane = 0; lane < step; lane++)
            {
                long image = (long)plane * area * step + lane, outputs = (long)plane * outArea * step + lane;
                Images<TPixel> source = new(isBack ? to : from, image, step), target = new(isBack ? from : to, outputs, step);
                // Places are those of plain channels; what fills up a block has none.
                int blocks = isBlocked ? (blockedChannels + step - 1) / step : 1, channel = plane % blocks * step + lane;
                bool exists = !isBlocked || channel < blockedChannels;
                int* place = places == null || !exists ? null
                    : places + (isBlocked ? (long)plane / blocks * blockedChannels + channel : plane) * outArea;
                if (isBack)
                    Backward(operation, pool, source, target, place);
                else
                    Forward(operation, pool, source, target, place);
            }
    }

    private static void Forward<TPixel>(PoolingForward operation, in BlockedPool pool, Images<TPixel> source, Images<TPixel> target,
        int* places) where TPixel : struct, IPixel
    {
        for (int output = 0; output < pool.OutHeight * pool.OutWidth; output++)
        {
            (int firstRow, int endRow, int first, int end) = Window(pool, output);
            float best = float.NegativeInfinity, sum = 0;
            int place = firstRow * pool.Width + first;
            for (int y = firstRow; y < endRow; y++)
                for (int x = first; x < end; x++)
                {
                    float value = source[y * pool.Width + x];
                    sum += value;
                    if (value > best || float.IsNaN(value))
                        (best, place) = (value, y * pool.Width + x);
                }
            bool isMax = operation.Kind == PoolingKind.Max;
            target.Set(output, isMax ? best : sum / AveragePooling.Divisor(pool, operation.Kind == PoolingKind.AverageWithPadding,
                endRow - firstRow, end - first));
            if (places != null)
                places[output] = place;
        }
    }

    private static void Backward<TPixel>(PoolingForward operation, in BlockedPool pool, Images<TPixel> source, Images<TPixel> target,
        int* places) where TPixel : struct, IPixel
    {
        bool isMax = operation.Kind == PoolingKind.Max;
        for (int pixel = 0; pixel < pool.Height * pool.Width; pixel++)
        {
            int y = pixel / pool.Width + pool.Top, x = pixel % pool.Width + pool.Left;
            float sum = 0;
            for (int row = FirstWindow(y, pool.KernelHeight, pool.StrideHeight); row <= Math.Min(pool.OutHeight - 1, y / pool.StrideHeight);
                row++)
                for (int column = FirstWindow(x, pool.KernelWidth, pool.StrideWidth);
                    column <= Math.Min(pool.OutWidth - 1, x / pool.StrideWidth); column++)
                {
                    int output = row * pool.OutWidth + column;
                    if (isMax)
                    {
                        sum += places != null && places[output] == pixel ? target[output] : 0;
                        continue;
                    }
                    (int firstRow, int endRow, int first, int end) = Window(pool, output);
                    sum += target[output] / AveragePooling.Divisor(pool, operation.Kind == PoolingKind.AverageWithPadding,
                        endRow - firstRow, end - first);
                }
            source.Set(pixel, sum);
        }
    }

    private static (int FirstRow, int EndRow, int First, int End) Window(in BlockedPool pool, int output)
    {
        int top = output / pool.OutWidth * pool.StrideHeight - pool.Top, left = output % pool.OutWidth * pool.StrideWidth - pool.Left;
        return (Math.Max(0, top), Math.Min(pool.Height, top + pool.KernelHeight), Math.Max(0, left),
            Math.Min(pool.Width, left + pool.KernelWidth));
    }

    private static int FirstWindow(int at, int kernel, int stride) => at < kernel ? 0 : (at - kernel) / stride + 1;

    /// <summary>The pixels of a channel.</summary>
    private readonly struct Images<TPixel>(byte* address, long first, int step) where TPixel : struct, IPixel
    {
        public float this[int pixel] => TPixel.Bytes == SinglePixel.Bytes ? ((float*)address)[first + (long)pixel * step]
            : BFloat16.ToSingle(((ushort*)address)[first + (long)pixel * step]);

        public void Set(int pixel, float value)
        {
            if (TPixel.Bytes == SinglePixel.Bytes)
                ((float*)address)[first + (long)pixel * step] = value;
            else
                ((ushort*)address)[first + (long)pixel * step] = BFloat16.FromSingle(value);
        }
    }
}
