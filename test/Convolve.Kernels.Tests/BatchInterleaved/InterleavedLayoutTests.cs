using Convolve.Kernels.BatchInterleaved;

namespace Convolve.Kernels.Tests;

public sealed unsafe class InterleavedLayoutTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(5, 400, 400)]
    [InlineData(16, 784, 784)]
    [InlineData(17, 16, 21)]
    [InlineData(33, 121, 128)]
    [InlineData(256, 31, 31)]
    public void RowsBecomeLanesAndRowsAgain(int batch, int features, int pitch)
    {
        float[] values = InterleavedReference.Random(batch * pitch, 1);
        using AlignedBuffer plain = AlignedBuffer.Of(values), lanes = new(Interleaving.Bytes(batch, features)), back = new(plain.Bytes);
        values.CopyTo(back.Span);
        for (int n = 0; n < batch; n++)
            back.Span.Slice(n * pitch, features).Clear();

        // In two shares, as two threads would.
        for (int thread = 0; thread < 2; thread++)
        {
            (int first, int count) = Interleaving.Share(Interleaving.Groups(batch), thread, 2);
            InterleavedLayout.Interleave(plain.Floats, pitch, batch, features, lanes.Floats, first, count);
            InterleavedLayout.ToPlain(lanes.Floats, batch, features, back.Floats, pitch, first, count);
        }
        for (int n = 0; n < Interleaving.Groups(batch) * 16; n++)
            for (int f = 0; f < features; f++)
                Assert.Equal(n < batch ? values[n * pitch + f] : 0, lanes.Floats[((long)(n / 16) * features + f) * 16 + n % 16]);
        Assert.True(back.Span.SequenceEqual(values));
    }
}
