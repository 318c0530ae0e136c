using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Convolve.Execution.Lanes.Lanes;

namespace Convolve.Execution.Lanes;

/// <summary>Activations on their own, over vectors that follow one another.</summary>
internal static unsafe class LanesElementwise
{
    /// <summary>Applies an activation in place.</summary>
    public static void Apply(LanesActivation activation, float* values, int vectors, float slope)
    {
        switch (activation)
        {
            case LanesActivation.ReLU: Apply<Rectify>(values, vectors, slope); break;
            case LanesActivation.LeakyReLU: Apply<LeakyRectify>(values, vectors, slope); break;
            case LanesActivation.Tanh: Apply<HyperbolicTangent>(values, vectors, slope); break;
            case LanesActivation.Sigmoid: Apply<Logistic>(values, vectors, slope); break;
        }
    }

    /// <summary>The gradient of the input from the gradient of the output and the output; the gradients may be the same memory.</summary>
    public static void Backward(LanesActivation activation, float* diffOut, float* output, float* diffIn, int vectors, float slope)
    {
        switch (activation)
        {
            case LanesActivation.None: Backward<Identity>(diffOut, output, diffIn, vectors, slope); break;
            case LanesActivation.ReLU: Backward<Rectify>(diffOut, output, diffIn, vectors, slope); break;
            case LanesActivation.LeakyReLU: Backward<LeakyRectify>(diffOut, output, diffIn, vectors, slope); break;
            case LanesActivation.Tanh: Backward<HyperbolicTangent>(diffOut, output, diffIn, vectors, slope); break;
            case LanesActivation.Sigmoid: Backward<Logistic>(diffOut, output, diffIn, vectors, slope); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TFunction>(float* values, int vectors, float slope) where TFunction : struct, ILanesFunction
    {
        Vector512<float> slopes = Vector512.Create(slope);
        for (float* end = values + (long)vectors * Width; values != end; values += Width)
            TFunction.Apply(Vector512.Load(values), slopes).Store(values);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward<TFunction>(float* diffOut, float* output, float* diffIn, int vectors, float slope)
        where TFunction : struct, ILanesFunction
    {
        // Without an activation nobody keeps an output to read.
        Vector512<float> slopes = Vector512.Create(slope), y = default;
        for (long i = 0; i < (long)vectors * Width; i += Width)
        {
            if (typeof(TFunction) != typeof(Identity))
                y = Vector512.Load(output + i);
            TFunction.Backward(Vector512.Load(diffOut + i), y, slopes).Store(diffIn + i);
        }
    }
}
