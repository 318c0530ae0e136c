using System.Runtime.CompilerServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Weights, or their gradient, in another layout or type.</summary>
internal sealed class WeightsCopyRunnable(Step step, Binder binder) : Runnable
{
    private readonly LayoutCopy _copy = new(step.Label, step[Argument.Source].Layout, step[Argument.Target].Layout);
    private readonly nint _source = binder.Address(step[Argument.Source]), _target = binder.Address(step[Argument.Target]);

    public override void Run() => _copy.Run(_source, _target);

    public override void Dispose() => _copy.Dispose();
}

/// <summary>A gradient of weights, and zeros for the taps that met nothing but padding.</summary>
internal sealed class UnseenTapsRunnable : Runnable
{
    private readonly Runnable _kernel, _zeros;

    public UnseenTapsRunnable(Step step, UnseenTapsWork work, Binder binder)
    {
        _kernel = Create(step with { Work = work.Kernel }, binder);
        _zeros = new TeamRunnable(new Zeros(step[Argument.DiffWeights], work, binder));
    }

    public override void Run()
    {
        _kernel.Run();
        _zeros.Run();
    }

    public override void Dispose()
    {
        _zeros.Dispose();
        _kernel.Dispose();
    }

    private sealed unsafe class Zeros : ITeamWork
    {
        // A tile of rows at a time: in blocks, the same tap of neighboring rows is one cache line.
        private const int Tile = 64;
        private readonly int[] _rows, _columns;
        private readonly nint _address;

        public Zeros(Tensor gradient, UnseenTapsWork work, Binder binder)
        {
            ElementPlaces places = new(gradient.Layout);
            // Padding as well: an optimizer's pass goes over it.
            _rows = [.. places.Rows, .. places.RowPadding];
            _columns = [.. Unseen(places.Columns), .. Unseen(places.ColumnPadding)];
            _address = binder.Address(gradient);

            // Channel by channel, each with all taps.
            IEnumerable<int> Unseen(int[] columns) => columns.Where((_, i) => work.Taps.Contains(i % work.Area));
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
}
