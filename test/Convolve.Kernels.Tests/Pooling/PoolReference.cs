using Convolve.Kernels.Pooling;

namespace Convolve.Kernels.Tests.Pooling;

/// <summary>Images, channels, rows, columns; kernel, stride, padding above, on the left, below, on the right.</summary>
internal sealed class PoolSizes(int[] z)
{
    public int Images => z[0];

    public int Channels => z[1];

    public int Blocks => (z[1] + 15) / 16;

    public int InArea => z[2] * z[3];

    public int OutArea => Pool.OutHeight * Pool.OutWidth;

    public int InElements => Images * Channels * InArea;

    public int OutElements => Images * Channels * OutArea;

    public BlockedPool Pool { get; } = new(z[0] * ((z[1] + 15) / 16), z[2], z[3], z[4], z[5], z[6], z[7], z[8], z[9],
        (z[2] + z[8] + z[10] - z[4]) / z[6] + 1, (z[3] + z[9] + z[11] - z[5]) / z[7] + 1);
}

/// <summary>
/// Max pooling of plain images, one window after the other, with PyTorch's rule: a later value wins if it is larger, or NaN.
/// </summary>
internal static class PoolReference
{
    public static (float[] Target, int[] Places) Forward(PoolSizes sizes, float[] source)
    {
        float[] target = new float[sizes.OutElements];
        int[] places = new int[sizes.OutElements];
        for (int output = 0; output < target.Length; output++)
        {
            (target[output], places[output]) = (float.NegativeInfinity, -1);
            foreach ((int input, int place) in Window(sizes, output))
                if (places[output] < 0 || source[input] > target[output] || float.IsNaN(source[input]))
                    (target[output], places[output]) = (source[input], place);
        }
        return (target, places);
    }

    /// <param name="sizes">The pooling.</param>
    /// <param name="places">As <see cref="Forward"/> gave them, or nowhere.</param>
    /// <param name="diff">Gradients of the outputs.</param>
    public static double[] Backward(PoolSizes sizes, int[] places, float[] diff)
    {
        // In float32: that the order of the windows is the kernels' order is part of what is asked for.
        float[] result = new float[sizes.InElements];
        for (int output = 0; output < diff.Length; output++)
            if (places[output] != BlockedPool.Nowhere)
                result[Window(sizes, output).Single(at => at.Place == places[output]).Input] += diff[output];
        return Array.ConvertAll(result, value => (double)value);
    }

    private static IEnumerable<(int Input, int Place)> Window(PoolSizes sizes, int output)
    {
        BlockedPool p = sizes.Pool;
        int plane = output / sizes.OutArea, top = output % sizes.OutArea / p.OutWidth * p.StrideHeight - p.Top,
            left = output % p.OutWidth * p.StrideWidth - p.Left;
        for (int i = 0; i < p.KernelHeight; i++)
            for (int j = 0; j < p.KernelWidth; j++)
                if (top + i >= 0 && top + i < p.Height && left + j >= 0 && left + j < p.Width)
                    yield return ((plane * p.Height + top + i) * p.Width + left + j, i * p.KernelWidth + j);
    }
}
