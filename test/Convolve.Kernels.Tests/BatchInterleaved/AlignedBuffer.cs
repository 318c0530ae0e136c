using System.Runtime.InteropServices;
using Convolve.Kernels.BatchInterleaved;

namespace Convolve.Kernels.Tests;

/// <summary>Aligned memory that begins as NaN and, when disposed, tells whether a kernel wrote outside it.</summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    private const int Guard = 4096;
    private readonly byte* _memory;

    public AlignedBuffer(long bytes)
    {
        Bytes = bytes;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + 2 * Guard), 64);
        new Span<byte>(_memory, checked((int)bytes + 2 * Guard)).Fill(0xFF);
    }

    public long Bytes { get; }
    public byte* Data => _memory + Guard;
    public float* Floats => (float*)Data;
    public Span<float> Span => new(Data, checked((int)(Bytes / sizeof(float))));

    public static AlignedBuffer Of(ReadOnlySpan<float> values)
    {
        AlignedBuffer buffer = new(values.Length * sizeof(float));
        values.CopyTo(buffer.Span);
        return buffer;
    }

    /// <summary>Plain [batch, features] as lanes, with <paramref name="filler"/> in the lanes of no image.</summary>
    public static AlignedBuffer Interleave(float[] plain, int batch, float filler)
    {
        int features = plain.Length / batch;
        AlignedBuffer lanes = new(Interleaving.Bytes(batch, features));
        lanes.Span.Fill(filler);
        for (int n = 0; n < batch; n++)
            for (int f = 0; f < features; f++)
                lanes.Floats[((long)(n / 16) * features + f) * 16 + n % 16] = plain[n * features + f];
        return lanes;
    }

    /// <summary>The images of lanes, plain; every value must be finite, in the lanes of no image too.</summary>
    public float[] ToPlain(int batch)
    {
        foreach (float value in Span)
            Assert.True(float.IsFinite(value));
        int features = (int)(Bytes / sizeof(float) / 16 / Interleaving.Groups(batch));
        float[] plain = new float[batch * features];
        for (int n = 0; n < batch; n++)
            for (int f = 0; f < features; f++)
                plain[n * features + f] = Floats[((long)(n / 16) * features + f) * 16 + n % 16];
        return plain;
    }

    public void Dispose()
    {
        for (int i = 0; i < Guard; i++)
            Assert.True(_memory[i] == 0xFF && Data[Bytes + i] == 0xFF, "A kernel wrote outside its memory.");
        NativeMemory.AlignedFree(_memory);
    }
}
