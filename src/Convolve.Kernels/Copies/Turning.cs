using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Copies;

//     for each vector of rows, each four columns:  target[column][row] = source[row][column]
//
// source [row][column], target [column][row]  float32
// Registers: four columns of a vector of rows. Bound: loads of four numbers, and the shuffles.

/// <summary>Turns a matrix around.</summary>
internal static unsafe class Turning
{
    /// <summary>target[c * targetStep + r] = source[r * sourceStep + c].</summary>
    // bounds: whole vectors of rows and fours of columns, and the rest one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TVector>(float* source, nint sourceStep, int rows, int columns, float* target, nint targetStep)
        where TVector : unmanaged, IFloats<TVector>
    {
        float** from = stackalloc float*[TVector.Count];
        int wholeRows = rows / TVector.Count * TVector.Count, wholeColumns = columns / 4 * 4;
        for (int row = 0; row < wholeRows; row += TVector.Count)
        {
            for (int i = 0; i < TVector.Count; i++)
                from[i] = source + (row + i) * sourceStep;
            float* to = target + row;
            for (int column = 0; column < wholeColumns; column += 4, to += 4 * targetStep)
            {
                (TVector c0, TVector c1, TVector c2, TVector c3) = TVector.Transpose(TVector.Gather(from, 0, column),
                    TVector.Gather(from, 1, column), TVector.Gather(from, 2, column), TVector.Gather(from, 3, column));
                c0.Store(to);
                c1.Store(to + targetStep);
                c2.Store(to + 2 * targetStep);
                c3.Store(to + 3 * targetStep);
            }
        }
        for (int row = 0; row < rows; row++)
            for (int column = row < wholeRows ? wholeColumns : 0; column < columns; column++)
                target[column * targetStep + row] = source[row * sourceStep + column];
    }
}
