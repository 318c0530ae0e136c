using Convolve.Kernels.Pixels;

namespace Convolve.Kernels.Tests.Pixels;

public class PixelMomentsTests
{
    [Fact]
    public void Moments_are_exact()
    {
        foreach (int length in (int[])[0, 1, 31, 32, 33, 1000, 32 * 16513 + 5, 2_000_000])
        {
            byte[] pixels = [.. Enumerable.Repeat((byte)255, length)];
            Assert.Equal(new(255L * length, 255L * 255 * length), PixelMoments.Of(pixels));
            for (int i = 0; i < length; i++)
                pixels[i] = (byte)(i * i + i / 7);
            Assert.Equal(new(pixels.Sum(p => (long)p), pixels.Sum(p => (long)p * p)), PixelMoments.Of(pixels));
        }
    }
}
