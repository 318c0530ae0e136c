using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.BatchInterleaved;

// A row of a tile of sums: vectors in registers. There are no arrays of registers, so the row is a list of types.
//
// The compiler keeps the list in registers only in this form: a static method takes it by value, changes it and returns it. A list that is
// made with `new` or changed by an instance method goes to the stack. So do all sums of a loop that contains a call. Past 1,024 local
// variables, the copies that inlining makes included, the compiler stops removing moves: a tile of 25 sums has about 1,000 as rows in
// variables of the kernel, and would have 1,200 as one list of rows. `DOTNET_JitDisasm=Sum` shows the loops, `./dev bench tiles` their
// speed.

/// <summary>Vectors by number.</summary>
internal interface IVectors<TSelf, T> where TSelf : struct, IVectors<TSelf, T> where T : unmanaged, IFloats<T>
{
    static abstract T Load(TSelf vectors, int index);
}

/// <summary>A list of vectors in registers.</summary>
internal unsafe interface IRow<TRow, T> where TRow : unmanaged, IRow<TRow, T> where T : unmanaged, IFloats<T>
{
    static abstract TRow Load<TFrom>(TFrom from, int first) where TFrom : struct, IVectors<TFrom, T>;

    /// <summary>Stores a function of the vectors.</summary>
    static abstract void Store<TFunction>(TRow row, byte* to, nint step) where TFunction : struct, IInterleavedFunction;

    /// <summary>sums + kept * factor.</summary>
    static abstract TRow AddProducts(TRow sums, TRow kept, T factor);
}

/// <summary>The last vector of a row.</summary>
internal unsafe struct Row<T> : IRow<Row<T>, T> where T : unmanaged, IFloats<T>
{
    private T _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row<T> Load<TFrom>(TFrom from, int first) where TFrom : struct, IVectors<TFrom, T>
    {
        Row<T> row = default;
        row._value = TFrom.Load(from, first);
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TFunction>(Row<T> row, byte* to, nint step) where TFunction : struct, IInterleavedFunction =>
        TFunction.Apply(row._value, default).Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row<T> AddProducts(Row<T> sums, Row<T> kept, T factor)
    {
        sums._value = T.FusedMultiplyAdd(kept._value, factor, sums._value);
        return sums;
    }
}

/// <summary>A vector and the rest of the row.</summary>
internal unsafe struct Row<T, TRest> : IRow<Row<T, TRest>, T> where T : unmanaged, IFloats<T> where TRest : unmanaged, IRow<TRest, T>
{
    private T _value;
    private TRest _rest;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row<T, TRest> Load<TFrom>(TFrom from, int first) where TFrom : struct, IVectors<TFrom, T>
    {
        Row<T, TRest> row = default;
        row._value = TFrom.Load(from, first);
        row._rest = TRest.Load(from, first + 1);
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TFunction>(Row<T, TRest> row, byte* to, nint step) where TFunction : struct, IInterleavedFunction
    {
        TFunction.Apply(row._value, default).Store(to);
        TRest.Store<TFunction>(row._rest, to + step, step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row<T, TRest> AddProducts(Row<T, TRest> sums, Row<T, TRest> kept, T factor)
    {
        sums._value = T.FusedMultiplyAdd(kept._value, factor, sums._value);
        sums._rest = TRest.AddProducts(sums._rest, kept._rest, factor);
        return sums;
    }
}

/// <summary>Vectors at equal distances.</summary>
internal readonly unsafe struct Strided<T>(byte* first, nint step) : IVectors<Strided<T>, T> where T : unmanaged, IFloats<T>
{
    private readonly byte* _first = first;
    private readonly nint _step = step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load(Strided<T> vectors, int index) => T.Load(vectors._first + index * vectors._step);
}

/// <summary>Numbers at equal distances, each in every lane.</summary>
internal readonly unsafe struct Broadcasts<T>(float* first, nint step) : IVectors<Broadcasts<T>, T> where T : unmanaged, IFloats<T>
{
    private readonly float* _first = first;
    private readonly nint _step = step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load(Broadcasts<T> numbers, int index) => T.Create(numbers._first[index * numbers._step]);
}
