using System.Runtime.CompilerServices;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Parameters;

//     for each 64 rows, each column of an unseen tap, each row:  0
//
// gradient  element (r, c) at rows[r] + columns[c]  float32
// L1: the lines of a tap of 64 rows. Bound: stores of single numbers; unseen taps are few.

/// <summary>Makes the gradient of some taps of all weights 0.</summary>
internal sealed unsafe class ZeroTapsKernel : ITeamWork
{
    // A tile of rows at a time: in blocks, the same tap of neighboring rows is one cache line.
    private const int Tile = 64;
    private readonly int[] _rows, _columns;
    private readonly nint _address;

    /// <param name="layout">Of the gradient.</param>
    /// <param name="taps">Those that become 0.</param>
    /// <param name="area">Taps of a channel.</param>
    /// <param name="address">Of the gradient.</param>
    public ZeroTapsKernel(Layout layout, IReadOnlyList<int> taps, int area, nint address)
    {
        ElementPlaces places = new(layout);
        // Padding as well: an optimizer's pass goes over it.
        _rows = [.. places.Rows, .. places.RowPadding];
        _columns = [.. Unseen(places.Columns), .. Unseen(places.ColumnPadding)];
        _address = address;

        // Channel by channel, each with all taps.
        IEnumerable<int> Unseen(int[] columns) => columns.Where((_, i) => taps.Contains(i % area));
    }

    // bounds: the offsets are those of the layout's own elements and padding.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int thread, int threads)
    {
        long tiles = (_rows.Length + Tile - 1) / Tile,
            from = tiles * thread / threads * Tile, to = Math.Min(_rows.Length, tiles * (thread + 1) / threads * Tile);
        for (long tile = from; tile < to; tile += Tile)
            foreach (int column in _columns)
                for (long row = tile; row < Math.Min(to, tile + Tile); row++)
                    ((float*)_address)[(long)_rows[row] + column] = 0;
    }
}
