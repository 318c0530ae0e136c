using Convolve.Kernels.Checks;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Copies;

//     for each tile of 64 by 64 elements:  LayoutTile.Read, LayoutTile.Write;  at the end, for each place of padding: 0
//
// source, target  a matrix in any layout, float32; the target also bfloat16
// L1: a tile of 16 KiB. Bound: memory, where LayoutTile knows the order of both sides.

/// <summary>
/// Copies weights or their gradients from one layout to another, plain or blocked, float32 to float32 or to bfloat16; padding becomes 0.
/// </summary>
/// <remarks>
/// Parameters are the result of a training, so no library moves them: the reorder of oneDNN 2.6.3 leaves rows unwritten for some sizes.
/// Both sides are read as a matrix (<see cref="ElementPlaces"/>) in tiles (<see cref="LayoutTile"/>), so that any two layouts go together.
/// </remarks>
internal sealed unsafe class LayoutCopy : ITeamWork, IDisposable
{
    private const int SmallElements = 1 << 14;
    private readonly string _label;
    private readonly Layout _source, _target;
    private readonly ElementPlaces _from, _to;
    private readonly TileOrder _fromOrder, _toOrder;
    private readonly TeamTask _task;
    private nint _sourceAddress, _targetAddress;
    private int _firstRow, _rows;

    /// <param name="label">Whose parameter it is; errors name it.</param>
    /// <param name="source">float32.</param>
    /// <param name="target">The same sizes, in float32 or bfloat16.</param>
    public LayoutCopy(string label, Layout source, Layout target)
    {
        if (source.Type != ElementType.Float32 || target.Type is not (ElementType.Float32 or ElementType.BFloat16)
            || !source.Sizes.SequenceEqual(target.Sizes))
            throw new ArgumentException(
                $"{label}: expected weights in float32 and a copy of the same sizes in float32 or bfloat16, got [{source}] and " +
                $"[{target}].");
        // In blocks the channels are next to each other, in row-major order the taps.
        bool channelsInside = !source.IsPlain && !target.IsPlain;
        (_label, _source, _target, _from, _to) = (label, source, target, new(source, channelsInside), new(target, channelsInside));
        (_fromOrder, _toOrder) = (LayoutTile.OrderOf(_from.Rows, _from.Columns, false),
            LayoutTile.OrderOf(_to.Rows, _to.Columns, IsBFloat16));
        _task = new(this);
    }

    /// <summary>The rows of the matrix: filters or units, of all groups.</summary>
    public int Rows => _from.Rows.Length;

    /// <summary>Elements of a row; in row-major order a row is contiguous.</summary>
    public int Columns => _from.Columns.Length;

    /// <summary>Copies everything.</summary>
    /// <param name="source">The address of the one tensor.</param>
    /// <param name="target">The address of the other.</param>
    public void Run(nint source, nint target)
    {
        (_sourceAddress, _targetAddress, _firstRow, _rows) = (source, target, 0, Rows);
        if (KernelCheck.IsOn)
            Check(target, _target);
        else
            Execute();
    }

    /// <summary>Copies everything from separate memory, in row-major order.</summary>
    public void Write(ReadOnlySpan<float> source, nint target)
    {
        Require(_source, source.Length);
        fixed (float* pinned = source)
            Run((nint)pinned, target);
    }

    /// <summary>Copies everything into separate memory, in row-major order.</summary>
    public void Read(nint source, Span<float> target)
    {
        Require(_target, target.Length);
        fixed (float* pinned = target)
            Run(source, (nint)pinned);
    }

    private void Require(Layout layout, int count)
    {
        if (!layout.IsPlain || layout.Type != ElementType.Float32 || layout.Bytes != (long)count * sizeof(float))
            throw new ArgumentException($"{_label}: expected [{layout}], got {count} numbers in row-major order.");
    }

    /// <summary>Copies some rows into separate memory, in row-major order.</summary>
    /// <param name="source">The address of the whole tensor.</param>
    /// <param name="target">Takes the rows.</param>
    /// <param name="firstRow">The first that is copied.</param>
    /// <param name="rows">How many are copied.</param>
    /// <exception cref="InvalidOperationException">The target's layout is not plain.</exception>
    /// <exception cref="ArgumentException">The target has too little room.</exception>
    public void ReadRows(nint source, Span<float> target, int firstRow, int rows)
    {
        if (!_target.IsPlain)
            throw new InvalidOperationException($"{_label}: expected a copy in row-major order, got [{_target}].");
        if (target.Length < (long)rows * Columns)
            throw new ArgumentException($"{_label}: {rows} rows of {Columns} don't fit into {target.Length} numbers.", nameof(target));
        fixed (float* pinned = target)
            ReadRows(source, (nint)pinned, firstRow, rows);
    }

    private void ReadRows(nint source, nint target, int firstRow, int rows)
    {
        (_sourceAddress, _targetAddress, _firstRow, _rows) = (source, target - (nint)_to.Rows[firstRow] * sizeof(float), firstRow, rows);
        if (KernelCheck.IsOn)
            Check(target, Layout.Plain(ElementType.Float32, rows, Columns));
        else
            Execute();
    }

    private void Check(nint target, Layout written) => KernelCheck.Run(_label, "own (LayoutCopy)",
        [new("Source", _source, _sourceAddress, Access.Read), new("Target", written, target, Access.Write)], default, Execute);

    private void Execute()
    {
        if ((long)_rows * Columns < SmallElements)
            Run(0, 1);
        else if (ThreadTeam.IsExecutor)
            ThreadTeam.Run(_task);
        else
            ThreadTeam.Invoke(() => ThreadTeam.Run(_task));
    }

    public void Run(int thread, int threads)
    {
        // bounds: the offsets are those of the layouts' own elements.
        float* buffer = stackalloc float[LayoutTile.Size * LayoutTile.Size];
        long tilesAcross = (Columns + LayoutTile.Size - 1) / LayoutTile.Size,
            tiles = (_rows + LayoutTile.Size - 1) / LayoutTile.Size * tilesAcross;
        fixed (int* fromRows = _from.Rows, toRows = _to.Rows, fromColumns = _from.Columns, toColumns = _to.Columns)
            for (long tile = tiles * thread / threads; tile < tiles * (thread + 1) / threads; tile++)
            {
                int row = _firstRow + (int)(tile / tilesAcross) * LayoutTile.Size, column = (int)(tile % tilesAcross) * LayoutTile.Size;
                int rows = Math.Min(LayoutTile.Size, _firstRow + _rows - row), columns = Math.Min(LayoutTile.Size, Columns - column);
                LayoutTile.Read(_fromOrder, (float*)_sourceAddress, fromRows + row, fromColumns + column, rows, columns, buffer);
                if (IsBFloat16)
                    LayoutTile.Write(_toOrder, buffer, (ushort*)_targetAddress, toRows + row, toColumns + column, rows, columns);
                else
                    LayoutTile.Write(_toOrder, buffer, (float*)_targetAddress, toRows + row, toColumns + column, rows, columns);
            }
        if (thread == threads - 1 && _to.HasPadding && _firstRow + _rows == Rows)
            ClearPadding();
    }

    public void Dispose() => _task.Dispose();

    private bool IsBFloat16 => _target.Type == ElementType.BFloat16;

    private void ClearPadding()
    {
        foreach (int row in _to.Rows)
            Clear(row, _to.ColumnPadding);
        foreach (int row in _to.RowPadding)
        {
            Clear(row, _to.Columns);
            Clear(row, _to.ColumnPadding);
        }
    }

    private void Clear(int row, int[] columns)
    {
        foreach (int column in columns)
            if (IsBFloat16)
                ((ushort*)_targetAddress)[(long)row + column] = 0;
            else
                ((float*)_targetAddress)[(long)row + column] = 0;
    }
}
