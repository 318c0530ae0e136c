using System.Numerics;

namespace Convolve.Kernels.Vectors;

/// <summary>A register of float32 numbers, passed to a kernel as a type: one source makes the kernel for every width.</summary>
/// <remarks>
/// A kernel writes one register a vector; how many there are says <see cref="Registers"/>. Comparisons give all ones or zeros in each lane.
/// </remarks>
internal unsafe interface IFloats<T> :
    IAdditionOperators<T, T, T>, ISubtractionOperators<T, T, T>, IMultiplyOperators<T, T, T>, IDivisionOperators<T, T, T>,
    IUnaryNegationOperators<T, T>, IBitwiseOperators<T, T, T>
    where T : unmanaged, IFloats<T>
{
    /// <summary>The numbers in one.</summary>
    static abstract int Count { get; }

    /// <summary>The registers of the machine.</summary>
    static abstract int Registers { get; }

    static abstract T Zero { get; }

    /// <summary>0, 1, 2 and so on.</summary>
    static abstract T Indices { get; }

    static abstract T Create(float value);

    static abstract T Load(void* from);

    void Store(void* to);

    /// <summary>Stores past the caches, where <paramref name="to"/> is a multiple of the register's size.</summary>
    void StoreNonTemporal(void* to);

    /// <summary>Numbers in bfloat16.</summary>
    static abstract T LoadBFloat16(void* from);

    /// <summary>Rounds; infinities stay, and so does NaN as processors make it, whose lower half is 0.</summary>
    void StoreBFloat16(void* to);

    /// <summary>
    /// Rounds two, one behind the other; past the caches where <paramref name="isStreamed"/>, and then at a multiple of 32 bytes.
    /// </summary>
    static abstract void StoreBFloat16(T first, T second, void* to, bool isStreamed);

    /// <summary>
    /// Rounds two rows and interleaves them: one number of <paramref name="even"/>, one of <paramref name="odd"/>, and so on.
    /// </summary>
    static abstract void StoreBFloat16Pairs(T even, T odd, void* to);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract T FusedMultiplyAdd(T a, T b, T c);

    /// <summary>The larger; <paramref name="b"/> where one is NaN.</summary>
    static abstract T Max(T a, T b);

    /// <summary>The smaller; <paramref name="b"/> where one is NaN.</summary>
    static abstract T Min(T a, T b);

    /// <summary>The sum of all lanes: halves are added until one number is left.</summary>
    static abstract float Sum(T value);

    static abstract T Sqrt(T x);

    /// <summary>1 / sqrt(x) with an error of about one unit in the last place.</summary>
    static abstract T ReciprocalSqrt(T x);

    /// <summary>x^exponent of a positive x.</summary>
    static abstract T Power(T x, T exponent);

    /// <summary>Of the numbers of <paramref name="first"/> and then <paramref name="second"/>, those behind the first few.</summary>
    /// <param name="first">The lower numbers.</param>
    /// <param name="second">The upper numbers.</param>
    /// <param name="skipped">A constant from 1 to <see cref="Count"/> - 1.</param>
    static abstract T Align(T first, T second, int skipped);

    static abstract T GreaterThan(T a, T b);

    /// <summary>Where a is greater or NaN.</summary>
    static abstract T GreaterOrNaN(T a, T b);

    static abstract T LessThan(T a, T b);

    /// <summary>Where one of both is NaN.</summary>
    static abstract T Unordered(T a, T b);

    /// <summary><paramref name="a"/> where the mask is set, <paramref name="b"/> elsewhere.</summary>
    static abstract T Select(T mask, T a, T b);

    /// <summary>
    /// <paramref name="x"/> where a is greater, <paramref name="y"/> elsewhere. In one piece, as the others like it: the processor then
    /// keeps the mask in a mask register.
    /// </summary>
    static abstract T WhereGreater(T a, T b, T x, T y);

    static abstract T WhereEqual(T a, T b, T x, T y);

    static abstract T WhereUnordered(T a, T b, T x, T y);

    /// <summary>As integers, where 0 and -0 differ.</summary>
    static abstract T WhereSameBits(T a, T b, T x, T y);

    /// <summary>sum + x where a and b have the same bits, the sum elsewhere.</summary>
    static abstract T AddWhereSameBits(T a, T b, T sum, T x);

    /// <summary>The bits of an integer in every lane.</summary>
    static abstract T CreateBits(int value);

    /// <summary>Bytes as the bits of integers.</summary>
    static abstract T LoadBytes(byte* from);

    /// <summary>The lowest byte of each lane's bits.</summary>
    void StoreBytes(byte* to);

    /// <summary>Four numbers of every fourth row from one on, as many as fit.</summary>
    static abstract T Gather(float** rows, int row, int column);

    /// <summary>Of four <see cref="Gather"/> of neighboring rows: column 0, 1, 2 and 3 of all of them.</summary>
    static abstract (T, T, T, T) Transpose(T row0, T row1, T row2, T row3);
}
