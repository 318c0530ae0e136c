using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

//     for each chunk of inputs:  for each pair of vectors of units, each few rows:  a tile
//
// left   [row][input]  float32;  blocks [unit / 16][input][16 units]  float32;  target [row][unit]  float32 or bfloat16
// sums   [pair][row][two vectors]  of the chunks before
// L1: a chunk of some rows. L2: a chunk of all rows, and of a pair's blocks, which come from memory once.
// Bound: the multiply-adds of ProductTile.

/// <summary>Rows of numbers times a matrix in blocks of 16 columns.</summary>
/// <param name="Rows">Of the left operand and the result.</param>
/// <param name="Inputs">Columns of the left operand.</param>
/// <param name="Units">Columns of the result.</param>
internal readonly unsafe record struct RowsByBlocks(int Rows, int Inputs, int Units)
{
    private const int Block = Pixel.Channels, ChunkInputs = 512;

    private int Pairs => (Units + 2 * Block - 1) / (2 * Block);

    /// <summary>The sums that are kept from chunk to chunk, of all threads.</summary>
    public long SumBytes => Inputs > ChunkInputs ? (long)Pairs * Rows * 2 * Block * sizeof(float) : 0;

    /// <summary>What each thread needs: a tile, and the bias filled up to whole blocks.</summary>
    public long ThreadBytes => (28 + 2 * Pairs) * (long)Block * sizeof(float);

    /// <summary>A thread's share: of the columns, or of the rows where columns are few.</summary>
    /// <param name="left">The rows.</param>
    /// <param name="leftStep">From one row to the next.</param>
    /// <param name="blocks">The matrix.</param>
    /// <param name="bias">A number for each unit, or null.</param>
    /// <param name="end">The activation.</param>
    /// <param name="target">Receives the result.</param>
    /// <param name="sums">Room for <see cref="SumBytes"/>.</param>
    /// <param name="own">The thread's room for <see cref="ThreadBytes"/>.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">All that share the work.</param>
    public void Run<TVector>(float* left, nint leftStep, float* blocks, float* bias, TileEnd end, Numbers target, float* sums, float* own,
        int thread, int threads) where TVector : unmanaged, IFloats<TVector>
    {
        float* starts = own + 28 * Block;
        new Span<float>(starts, 2 * Pairs * Block).Clear();
        if (bias != null)
            new ReadOnlySpan<float>(bias, Units).CopyTo(new(starts, Units));
        Panels panels = Panels.Of(Rows, ProductTile.MostRows<TVector>());
        int perPair = 2 * Block / (2 * TVector.Count), columns = Pairs * perPair;
        bool byColumns = columns >= 4 * threads || columns >= panels.Pieces;
        int firstColumn = byColumns ? ProductTiles.Cut(columns, threads, thread) : 0;
        int endColumn = byColumns ? ProductTiles.Cut(columns, threads, thread + 1) : columns;
        int firstPanel = byColumns ? 0 : ProductTiles.Cut(panels.Pieces, threads, thread);
        int endPanel = byColumns ? panels.Pieces : ProductTiles.Cut(panels.Pieces, threads, thread + 1);
        nint run = 0, step = (nint)Inputs * Block;
        for (int chunk = 0; chunk < Inputs; chunk += ChunkInputs)
        {
            int length = Math.Min(ChunkInputs, Inputs - chunk);
            bool isFirst = chunk == 0, isLast = chunk + length == Inputs;
            for (int column = firstColumn; column < endColumn; column++)
            {
                int unit = column * 2 * TVector.Count, count = Math.Min(2 * TVector.Count, Units - unit);
                if (count <= 0)
                    break;
                // A last block alone has one vector, with registers as long as blocks.
                int vectors = TVector.Count == Block && count <= Block ? 1 : 2;
                ProductTile tile = new()
                {
                    LeftRow = leftStep,
                    Runs = &run,
                    RunCount = 1,
                    RunLength = length,
                    LeftStep = 1,
                    Right = blocks + unit / Block * step + unit % Block + (nint)chunk * Block,
                    RightStep = Block,
                    RightPair = TVector.Count == Block ? step : TVector.Count,
                    StartStep = isFirst ? 0 : 2 * TVector.Count,
                    StartPair = TVector.Count,
                    SumsStep = 2 * TVector.Count,
                    SumsPair = TVector.Count,
                    Slope = isLast ? end.Slope : 1,
                };
                for (int panel = firstPanel; panel < endPanel; panel++)
                {
                    int first = panels.First(panel), rows = panels.Count(panel);
                    float* kept = sums + ((nint)column * Rows + first) * 2 * TVector.Count;
                    tile.Left = left + first * leftStep + chunk;
                    tile.Start = isFirst ? starts + unit : kept;
                    tile.Sums = isLast ? own : kept;
                    ProductTiles.For<TVector>(rows, vectors, LeftRows.Any)(&tile);
                    for (int row = 0; isLast && row < rows; row++)
                    {
                        end.Apply<TVector>(own + row * tile.SumsStep, count);
                        target.Write<TVector>(first + row, unit, count, own + row * tile.SumsStep);
                    }
                }
            }
        }
    }
}
