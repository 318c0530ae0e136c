using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Parameters;

/// <summary>g += decay w; v = momentum v + g; w -= rate v (Nesterov: rate (g + momentum v)).</summary>
internal readonly unsafe struct SgdRule(UpdateStep step, float decay, float momentum, bool isNesterov) : IUpdateRule
{
    private readonly float _rate = step.Rate, _decay = decay, _momentum = momentum;
    private readonly bool _hasMomentum = momentum != 0, _isNesterov = isNesterov;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Update<T>(T weight, T gradient, float* first, float* second, float* third) where T : unmanaged, IFloats<T>
    {
        T change = T.FusedMultiplyAdd(T.Create(_decay), weight, gradient);
        if (_hasMomentum)
        {
            T velocity = T.FusedMultiplyAdd(T.Create(_momentum), T.Load(first), change);
            velocity.Store(first);
            change = _isNesterov ? T.FusedMultiplyAdd(T.Create(_momentum), velocity, change) : velocity;
        }
        return weight - T.Create(_rate) * change;
    }
}

/// <summary>v = momentum v + rate local (g + decay w); w -= v: the rate is in the velocity.</summary>
/// <param name="step">The update.</param>
/// <param name="localRate">Of the parameter.</param>
/// <param name="decay">Of the parameter.</param>
/// <param name="momentum">The share of the velocity that is kept.</param>
internal readonly unsafe struct LarsRule(UpdateStep step, float localRate, float decay, float momentum) : IUpdateRule
{
    private readonly float _rate = step.Rate * localRate, _decay = decay, _momentum = momentum;
    private readonly bool _hasMomentum = momentum != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Update<T>(T weight, T gradient, float* first, float* second, float* third) where T : unmanaged, IFloats<T>
    {
        T change = T.Create(_rate) * T.FusedMultiplyAdd(T.Create(_decay), weight, gradient);
        if (_hasMomentum)
        {
            change = T.FusedMultiplyAdd(T.Create(_momentum), T.Load(first), change);
            change.Store(first);
        }
        return weight - change;
    }
}

/// <summary>m and v are running means of g and g^2; w -= rate m' / (sqrt(v') + eps), with both freed of their start at 0.</summary>
internal readonly unsafe struct AdamRule(UpdateStep step, float beta1, float beta2, float eps, float decay, bool isDecoupled) : IUpdateRule
{
    private readonly float _beta1 = beta1, _beta2 = beta2, _eps = eps;
    private readonly float _rest1 = (float)(1 - (double)beta1), _rest2 = (float)(1 - (double)beta2);
    private readonly float _rate = (float)(step.Rate / (1 - Math.Pow(beta1, step.Number)));
    private readonly float _root = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step.Number)));
    private readonly float _decay = isDecoupled ? 0 : decay, _shrink = isDecoupled ? 1 - step.Rate * decay : 1;

    /// <summary>What is kept for each weight.</summary>
    public static IReadOnlyList<string> States { get; } = ["mean", "mean_square"];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Update<T>(T weight, T gradient, float* first, float* second, float* third) where T : unmanaged, IFloats<T>
    {
        gradient = T.FusedMultiplyAdd(T.Create(_decay), weight, gradient);
        T mean = T.FusedMultiplyAdd(T.Create(_beta1), T.Load(first), T.Create(_rest1) * gradient);
        T square = T.FusedMultiplyAdd(T.Create(_beta2), T.Load(second), T.Create(_rest2) * (gradient * gradient));
        mean.Store(first);
        square.Store(second);
        return weight * T.Create(_shrink) - T.Create(_rate) * mean / T.FusedMultiplyAdd(T.Sqrt(square), T.Create(_root), T.Create(_eps));
    }
}

/// <summary>
/// v is the running mean of g^2; the step is g / (sqrt(v) + eps), gathered by momentum; centered, v less the square of the running mean of
/// g.
/// </summary>
internal readonly unsafe struct RmsPropRule(UpdateStep step, float alpha, float eps, float decay, float momentum, bool isCentered)
    : IUpdateRule
{
    private readonly float _rate = step.Rate, _alpha = alpha, _rest = (float)(1 - (double)alpha), _eps = eps, _decay = decay,
        _momentum = momentum;
    private readonly bool _hasMomentum = momentum != 0, _isCentered = isCentered;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Update<T>(T weight, T gradient, float* first, float* second, float* third) where T : unmanaged, IFloats<T>
    {
        gradient = T.FusedMultiplyAdd(T.Create(_decay), weight, gradient);
        T square = T.FusedMultiplyAdd(T.Create(_alpha), T.Load(first), T.Create(_rest) * (gradient * gradient)),
            spread = square;
        square.Store(first);
        if (_isCentered)
        {
            float* at = _hasMomentum ? third : second;
            T mean = T.FusedMultiplyAdd(T.Create(_alpha), T.Load(at), T.Create(_rest) * gradient);
            mean.Store(at);
            // Rounding can take the difference below 0; NaN stays NaN.
            spread = T.Max(T.Zero, T.FusedMultiplyAdd(-mean, mean, square));
        }
        T change = gradient / (T.Sqrt(spread) + T.Create(_eps));
        if (_hasMomentum)
        {
            change = T.FusedMultiplyAdd(T.Create(_momentum), T.Load(second), change);
            change.Store(second);
        }
        return weight - T.Create(_rate) * change;
    }
}
