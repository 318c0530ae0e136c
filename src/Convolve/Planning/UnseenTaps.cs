using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>
/// The taps of a convolution's kernel that are over padding wherever the kernel is placed: their weights have no effect, and their gradient
/// is 0.
/// </summary>
internal static class UnseenTaps
{
    /// <summary>Their numbers, row by row of the kernel; empty where every tap meets a pixel.</summary>
    public static IReadOnlyList<int> Of(Conv2d conv, Shape input)
    {
        Window window = conv.Walk(input);
        bool[] rows = Meet(conv.Kernel.Height, conv.Stride.Height, conv.Dilation.Height, window.Before.Height, window.Output.Height,
            input.Height);
        bool[] columns = Meet(conv.Kernel.Width, conv.Stride.Width, conv.Dilation.Width, window.Before.Width, window.Output.Width,
            input.Width);
        return [.. Enumerable.Range(0, rows.Length * columns.Length)
            .Where(tap => !(rows[tap / columns.Length] && columns[tap % columns.Length]))];
    }

    private static bool[] Meet(int taps, int stride, int dilation, int before, int outputs, int size)
    {
        bool[] meet = new bool[taps];
        for (int tap = 0; tap < taps; tap++)
            for (int output = 0; output < outputs && !meet[tap]; output++)
                meet[tap] = (uint)(output * stride - before + tap * dilation) < (uint)size;
        return meet;
    }
}
