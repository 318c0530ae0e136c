using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Vectors;

namespace Convolve.Testing.Software;

/// <summary>The elements of a tensor in row-major order, in float64, whatever order and type they have in memory.</summary>
internal sealed class SoftwareTensor(IReadOnlyList<long> sizes, double[] values)
{
    public int[] Sizes { get; } = [.. sizes.Select(size => (int)size)];

    public double[] Values { get; } = values;

    public static SoftwareTensor Zeros(Layout layout) =>
        new(layout.Sizes, new double[layout.Sizes.Aggregate(1L, (product, size) => product * size)]);

    public static SoftwareTensor Read(Layout layout, NativeBuffer buffer, long offset)
    {
        SoftwareTensor tensor = Zeros(layout);
        ForEach(layout, (element, place) => tensor.Values[element] = layout.Type switch
        {
            ElementType.Float32 => buffer.Span<float>(offset + place * sizeof(float), 1)[0],
            ElementType.BFloat16 => BFloat16.ToSingle(buffer.Span<ushort>(offset + place * sizeof(ushort), 1)[0]),
            ElementType.Int32 => buffer.Span<int>(offset + place * sizeof(int), 1)[0],
            _ => buffer.Span<byte>(offset + place, 1)[0],
        });
        return tensor;
    }

    /// <summary>Writes the whole memory of the layout: each element rounded, and what fills up the blocks as 0.</summary>
    public void Write(Layout layout, NativeBuffer buffer, long offset)
    {
        buffer.Span<byte>(offset, (int)layout.Bytes).Clear();
        ForEach(layout, (element, place) =>
        {
            double value = Values[element];
            switch (layout.Type)
            {
                case ElementType.Float32:
                    buffer.Span<float>(offset + place * sizeof(float), 1)[0] = (float)value;
                    break;
                case ElementType.BFloat16:
                    buffer.Span<ushort>(offset + place * sizeof(ushort), 1)[0] = BFloat16.FromSingle((float)value);
                    break;
                case ElementType.Int32:
                    buffer.Span<int>(offset + place * sizeof(int), 1)[0] = (int)value;
                    break;
                default:
                    buffer.Span<byte>(offset + place, 1)[0] = (byte)value;
                    break;
            }
        });
    }

    private static void ForEach(Layout layout, Action<int, long> visit)
    {
        long[][] places = [.. Enumerable.Range(0, layout.Sizes.Count).Select(layout.OffsetsOf)];
        int element = 0;
        Walk(0, 0);

        void Walk(int axis, long place)
        {
            for (int i = 0; i < layout.Sizes[axis]; i++)
                if (axis + 1 < places.Length)
                    Walk(axis + 1, place + places[axis][i]);
                else
                    visit(element++, place + places[axis][i]);
        }
    }
}
