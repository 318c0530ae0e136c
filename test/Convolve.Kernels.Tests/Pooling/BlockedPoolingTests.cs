using Convolve.Kernels.Pooling;
using Convolve.Kernels.Vectors;
using Convolve.Testing;

namespace Convolve.Kernels.Tests.Pooling;

/// <summary>
/// Max pooling of blocks of 16 channels and its gradient against plain loops in float64: no bit may differ, not in registers put together
/// of halves either.
/// </summary>
public unsafe class BlockedPoolingTests
{
    /// <summary>Images, channels, rows, columns; kernel, stride, padding above, on the left, below, on the right; threads.</summary>
    public static TheoryData<int[], int> Cases => new()
    {
        { [2, 32, 13, 13, 3, 3, 2, 2, 0, 0, 0, 0], 2 },
        { [1, 16, 12, 12, 3, 3, 2, 2, 0, 0, 0, 0], 1 },
        { [3, 16, 26, 27, 3, 3, 2, 2, 0, 0, 0, 0], 8 },
        { [1, 48, 5, 4, 3, 3, 2, 2, 0, 0, 0, 0], 2 },
        { [1, 16, 3, 3, 3, 3, 2, 2, 0, 0, 0, 0], 3 },
        { [2, 16, 8, 9, 3, 3, 2, 2, 1, 1, 1, 1], 2 },
        { [2, 16, 9, 8, 3, 3, 2, 2, 1, 1, 1, 1], 3 },
        { [1, 16, 14, 15, 3, 3, 2, 2, 0, 0, 1, 1], 2 },
        { [1, 16, 14, 15, 3, 3, 2, 2, 1, 0, 0, 1], 2 },
        { [1, 16, 7, 8, 3, 3, 2, 2, 0, 1, 1, 0], 2 },
        { [1, 16, 2, 2, 3, 3, 2, 2, 1, 1, 1, 1], 2 },
        { [2, 16, 4, 2, 3, 3, 2, 2, 0, 0, 1, 1], 1 },
        { [1, 16, 1, 1, 3, 3, 2, 2, 1, 1, 1, 1], 1 },
        { [2, 16, 8, 8, 2, 2, 2, 2, 0, 0, 0, 0], 2 },
        { [1, 32, 9, 11, 2, 2, 2, 2, 0, 0, 0, 0], 4 },
        { [2, 16, 9, 7, 2, 2, 2, 2, 1, 1, 1, 1], 2 },
        { [1, 16, 2, 3, 2, 2, 2, 2, 0, 0, 0, 0], 2 },
        { [1, 16, 6, 7, 2, 3, 2, 2, 0, 1, 0, 1], 2 },
        { [2, 5, 13, 12, 3, 3, 2, 2, 0, 0, 0, 0], 2 },
        { [3, 33, 7, 7, 2, 2, 2, 2, 0, 0, 0, 0], 2 },
        { [2, 16, 6, 6, 3, 3, 1, 1, 1, 1, 1, 1], 2 },
        { [1, 16, 9, 10, 2, 3, 3, 4, 0, 0, 0, 0], 2 },
        { [1, 16, 20, 20, 3, 3, 5, 5, 0, 0, 0, 0], 2 },
        { [1, 16, 17, 16, 15, 17, 1, 3, 7, 8, 7, 8], 2 },
        { [1, 16, 5, 5, 1, 1, 1, 1, 0, 0, 0, 0], 2 },
        { [2, 20, 7, 7, 7, 7, 1, 1, 0, 0, 0, 0], 2 },
        { [4, 256, 67, 65, 3, 3, 2, 2, 0, 0, 0, 0], 2 }, // large enough to be written past the caches
        { [4, 256, 80, 82, 2, 2, 2, 2, 0, 0, 0, 0], 3 },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Float32_is_the_reference(int[] sizes, int threads) => Require<SinglePixel>(new(sizes), threads);

    [Theory, MemberData(nameof(Cases))]
    public void BFloat16_is_the_reference(int[] sizes, int threads) => Require<BFloat16Pixel>(new(sizes), threads);

    private static void Require<TPixel>(PoolSizes sizes, int threads) where TPixel : struct, IPixel
    {
        foreach (Numbers numbers in sizes.InElements < 100_000 ? Enum.GetValues<Numbers>() : [Numbers.Rectified])
        {
            float[] source = Make(sizes, numbers, TPixel.Bytes), diff = Rounded(TestTensors.Uniform(sizes.OutElements, 2), TPixel.Bytes);
            (float[] target, int[] places) = PoolReference.Forward(sizes, source);
            using AlignedBuffer x = Blocks(sizes.Images, sizes.Channels, sizes.InArea, source, TPixel.Bytes),
                dy = Blocks(sizes.Images, sizes.Channels, sizes.OutArea, diff, TPixel.Bytes);
            foreach (bool isRectified in new[] { false, true })
            {
                if (isRectified)
                    places = [.. places.Select((place, i) => target[i] > 0 ? place : BlockedPool.Nowhere)];
                using AlignedBuffer y = Room(sizes, sizes.OutArea, TPixel.Bytes), argmax = new(sizes.Pool.ArgmaxBytes),
                    dx = Room(sizes, sizes.InArea, TPixel.Bytes);
                for (int thread = 0; thread < threads; thread++)
                    BlockedMaxPooling.Forward<TPixel>(sizes.Pool, x.Data, y.Data, argmax.Data, isRectified, thread, threads);
                RequireSame($"{numbers} output", Plain(sizes, sizes.OutArea, y, TPixel.Bytes), target);
                for (int i = 0; i < places.Length; i++)
                    Expect.True(argmax.Data[Place(sizes.Channels, sizes.OutArea, i)] == places[i],
                        $"{numbers}: place {argmax.Data[Place(sizes.Channels, sizes.OutArea, i)]} at output {i}, and {places[i]} was " +
                        $"expected");

                for (int thread = 0; thread < threads; thread++)
                    BlockedMaxPooling.Backward<TPixel>(sizes.Pool, dy.Data, argmax.Data, dx.Data, thread, threads);
                float[] expected = Rounded(PoolReference.Backward(sizes, places, diff), TPixel.Bytes);
                RequireSame($"{numbers} gradient, rectified: {isRectified}", Plain(sizes, sizes.InArea, dx, TPixel.Bytes), expected);
            }
            using AlignedBuffer alone = Room(sizes, sizes.OutArea, TPixel.Bytes);
            for (int thread = 0; thread < threads; thread++)
                BlockedMaxPooling.Forward<TPixel>(sizes.Pool, x.Data, alone.Data, null, false, thread, threads);
            RequireSame($"{numbers} output without places", Plain(sizes, sizes.OutArea, alone, TPixel.Bytes), target);
        }
    }

    private enum Numbers
    {
        Any,
        Rectified,
        Ties,
        ZerosOfBothSigns,
        Infinities,
        NaNs,
    }

    private static float[] Make(PoolSizes sizes, Numbers numbers, int pixelBytes)
    {
        float[] values = Rounded(TestTensors.Uniform(sizes.InElements, 1, 4), pixelBytes);
        for (int i = 0; i < values.Length; i++)
            values[i] = numbers switch
            {
                Numbers.Rectified => Math.Max(values[i], 0),
                Numbers.Ties => MathF.Round(values[i] / 3),
                Numbers.ZerosOfBothSigns => values[i] > 3.8f ? values[i] : values[i] > 0 ? 0 : -0f,
                Numbers.Infinities => values[i] > 3.5f ? float.PositiveInfinity : values[i] < 0 ? float.NegativeInfinity : values[i],
                Numbers.NaNs => values[i] > 3.9f ? BitConverter.Int32BitsToSingle(0x7FC10000) : values[i] < -3.9f ? float.NaN : values[i],
                _ => values[i],
            };
        return values;
    }

    // Zeros of both signs are the same number, and so are NaNs.
    private static void RequireSame(string what, float[] actual, float[] expected)
    {
        for (int i = 0; i < expected.Length; i++)
            Expect.True(actual[i].Equals(expected[i]), $"{what}: {actual[i]} at {i}, and {expected[i]} was expected");
    }

    private static float[] Rounded(double[] values, int pixelBytes) =>
        Array.ConvertAll(values, value => pixelBytes == 32 ? BFloat16.ToSingle(BFloat16.FromSingle((float)value)) : (float)value);

    private static AlignedBuffer Room(PoolSizes sizes, int area, int pixelBytes) =>
        new((long)sizes.Images * sizes.Blocks * area * pixelBytes);

    private static int Place(int channels, int area, int i)
    {
        int blocks = (channels + 15) / 16, channel = i / area % channels, image = i / area / channels;
        return ((image * blocks + channel / 16) * area + i % area) * 16 + channel % 16;
    }

    /// <summary>Plain numbers as blocks of 16 channels, the last of them filled up with zeros.</summary>
    private static AlignedBuffer Blocks(int images, int channels, int area, float[] plain, int pixelBytes)
    {
        AlignedBuffer buffer = new((long)images * ((channels + 15) / 16) * area * pixelBytes);
        new Span<byte>(buffer.Data, (int)buffer.Bytes).Clear();
        for (int i = 0; i < plain.Length; i++)
            if (pixelBytes == 32)
                ((ushort*)buffer.Data)[Place(channels, area, i)] = BFloat16.FromSingle(plain[i]);
            else
                buffer.Floats[Place(channels, area, i)] = plain[i];
        return buffer;
    }

    /// <summary>Back to plain numbers; the channels of the filling must be zeros.</summary>
    private static float[] Plain(PoolSizes sizes, int area, AlignedBuffer buffer, int pixelBytes)
    {
        float Value(int at) => pixelBytes == 32 ? BFloat16.ToSingle(((ushort*)buffer.Data)[at]) : buffer.Floats[at];
        float[] all = new float[sizes.Images * sizes.Blocks * 16 * area], plain = new float[sizes.Images * sizes.Channels * area];
        for (int i = 0; i < all.Length; i++)
            all[i] = Value(i);
        for (int i = 0; i < plain.Length; i++)
        {
            int at = Place(sizes.Channels, area, i);
            (plain[i], all[at]) = (all[at], 0);
        }
        Assert.True(all.AsSpan().IndexOfAnyExcept(0f) < 0, "channels of the filling are not zero");
        return plain;
    }
}
