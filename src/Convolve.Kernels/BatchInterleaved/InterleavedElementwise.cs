using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each vector:  value = function(value);  or  dx = function'(y) * dy
//
// values, y, dy, dx  [vector][16]  float32
// Registers: the function's constants. Bound: memory; the divisions of tanh and sigmoid, where values are in a cache.

/// <summary>Activations on their own, over vectors that follow one another.</summary>
internal static unsafe class InterleavedElementwise
{
    /// <summary>Applies an activation in place.</summary>
    public static void Apply(InterleavedActivation activation, float* values, int vectors, float slope)
    {
        switch (activation)
        {
            case InterleavedActivation.ReLU: Apply<Rectify>(values, vectors, slope); break;
            case InterleavedActivation.LeakyReLU: Apply<LeakyRectify>(values, vectors, slope); break;
            case InterleavedActivation.Tanh: Apply<HyperbolicTangent>(values, vectors, slope); break;
            case InterleavedActivation.Sigmoid: Apply<Logistic>(values, vectors, slope); break;
        }
    }

    /// <summary>The gradient of the input from the gradient of the output and the output; the gradients may be the same memory.</summary>
    public static void Backward(InterleavedActivation activation, float* diffOut, float* output, float* diffIn, int vectors, float slope)
    {
        switch (activation)
        {
            case InterleavedActivation.None: Backward<Identity>(diffOut, output, diffIn, vectors, slope); break;
            case InterleavedActivation.ReLU: Backward<Rectify>(diffOut, output, diffIn, vectors, slope); break;
            case InterleavedActivation.LeakyReLU: Backward<LeakyRectify>(diffOut, output, diffIn, vectors, slope); break;
            case InterleavedActivation.Tanh: Backward<HyperbolicTangent>(diffOut, output, diffIn, vectors, slope); break;
            case InterleavedActivation.Sigmoid: Backward<Logistic>(diffOut, output, diffIn, vectors, slope); break;
        }
    }

    private static void Apply<TFunction>(float* values, int vectors, float slope) where TFunction : struct, IInterleavedFunction
    {
        if (IsWide)
            Apply<Floats16, TFunction>(values, vectors, slope);
        else
            Apply<Floats8, TFunction>(values, vectors, slope);
    }

    private static void Backward<TFunction>(float* diffOut, float* output, float* diffIn, int vectors, float slope)
        where TFunction : struct, IInterleavedFunction
    {
        if (IsWide)
            Backward<Floats16, TFunction>(diffOut, output, diffIn, vectors, slope);
        else
            Backward<Floats8, TFunction>(diffOut, output, diffIn, vectors, slope);
    }

    // bounds: vectors times 16 values.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TVector, TFunction>(float* values, int vectors, float slope)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        TVector slopes = TVector.Create(slope);
        for (float* end = values + (long)vectors * Width; values != end; values += TVector.Count)
            TFunction.Apply(TVector.Load(values), slopes).Store(values);
    }

    // bounds: as above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward<TVector, TFunction>(float* diffOut, float* output, float* diffIn, int vectors, float slope)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        // Without an activation nobody keeps an output to read.
        TVector slopes = TVector.Create(slope), y = default;
        for (long i = 0; i < (long)vectors * Width; i += TVector.Count)
        {
            if (typeof(TFunction) != typeof(Identity))
                y = TVector.Load(output + i);
            TFunction.Backward(TVector.Load(diffOut + i), y, slopes).Store(diffIn + i);
        }
    }
}
