using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Parameters;

/// <summary>g += decay w; v = momentum v + g; w -= rate v (Nesterov: rate (g + momentum v)).</summary>
internal readonly unsafe struct SgdRule(UpdateStep step, float decay, float momentum, bool isNesterov) : IUpdateRule
{
    private readonly Vector512<float> _rate = Vector512.Create(step.Rate), _decay = Vector512.Create(decay),
        _momentum = Vector512.Create(momentum);
    private readonly bool _hasMomentum = momentum != 0, _isNesterov = isNesterov;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Update(Vector512<float> weight, Vector512<float> gradient, float* first, float* second, float* third)
    {
        Vector512<float> change = Vector512.FusedMultiplyAdd(_decay, weight, gradient);
        if (_hasMomentum)
        {
            Vector512<float> velocity = Vector512.FusedMultiplyAdd(_momentum, Vector512.LoadAligned(first), change);
            Vector512.StoreAligned(velocity, first);
            change = _isNesterov ? Vector512.FusedMultiplyAdd(_momentum, velocity, change) : velocity;
        }
        return weight - _rate * change;
    }
}

/// <summary>m and v are running means of g and g^2; w -= rate m' / (sqrt(v') + eps), with both freed of their start at 0.</summary>
internal readonly unsafe struct AdamRule(UpdateStep step, float beta1, float beta2, float eps, float decay, bool isDecoupled) : IUpdateRule
{
    private readonly Vector512<float> _beta1 = Vector512.Create(beta1), _beta2 = Vector512.Create(beta2), _eps = Vector512.Create(eps);
    private readonly Vector512<float> _rest1 = Vector512.Create((float)(1 - (double)beta1)),
        _rest2 = Vector512.Create((float)(1 - (double)beta2));
    private readonly Vector512<float> _rate = Vector512.Create((float)(step.Rate / (1 - Math.Pow(beta1, step.Number))));
    private readonly Vector512<float> _root = Vector512.Create((float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step.Number))));
    private readonly Vector512<float> _decay = Vector512.Create(isDecoupled ? 0 : decay),
        _shrink = Vector512.Create(isDecoupled ? 1 - step.Rate * decay : 1);

    /// <summary>What is kept for each weight.</summary>
    public static IReadOnlyList<string> States { get; } = ["mean", "mean_square"];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Update(Vector512<float> weight, Vector512<float> gradient, float* first, float* second, float* third)
    {
        gradient = Vector512.FusedMultiplyAdd(_decay, weight, gradient);
        Vector512<float> mean = Vector512.FusedMultiplyAdd(_beta1, Vector512.LoadAligned(first), _rest1 * gradient);
        Vector512<float> square = Vector512.FusedMultiplyAdd(_beta2, Vector512.LoadAligned(second), _rest2 * (gradient * gradient));
        Vector512.StoreAligned(mean, first);
        Vector512.StoreAligned(square, second);
        return weight * _shrink - _rate * mean / Vector512.FusedMultiplyAdd(Vector512.Sqrt(square), _root, _eps);
    }
}

/// <summary>
/// v is the running mean of g^2; the step is g / (sqrt(v) + eps), gathered by momentum; centered, v less the square of the running mean of
/// g.
/// </summary>
internal readonly unsafe struct RmsPropRule(UpdateStep step, float alpha, float eps, float decay, float momentum, bool isCentered)
    : IUpdateRule
{
    private readonly Vector512<float> _rate = Vector512.Create(step.Rate), _alpha = Vector512.Create(alpha),
        _rest = Vector512.Create((float)(1 - (double)alpha));
    private readonly Vector512<float> _eps = Vector512.Create(eps), _decay = Vector512.Create(decay),
        _momentum = Vector512.Create(momentum);
    private readonly bool _hasMomentum = momentum != 0, _isCentered = isCentered;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Update(Vector512<float> weight, Vector512<float> gradient, float* first, float* second, float* third)
    {
        gradient = Vector512.FusedMultiplyAdd(_decay, weight, gradient);
        Vector512<float> square = Vector512.FusedMultiplyAdd(_alpha, Vector512.LoadAligned(first), _rest * (gradient * gradient)),
            spread = square;
        Vector512.StoreAligned(square, first);
        if (_isCentered)
        {
            float* at = _hasMomentum ? third : second;
            Vector512<float> mean = Vector512.FusedMultiplyAdd(_alpha, Vector512.LoadAligned(at), _rest * gradient);
            Vector512.StoreAligned(mean, at);
            // Rounding can take the difference below 0.
            spread = Vector512.Max(Vector512.FusedMultiplyAdd(-mean, mean, square), Vector512<float>.Zero);
        }
        Vector512<float> change = gradient / (Vector512.Sqrt(spread) + _eps);
        if (_hasMomentum)
        {
            change = Vector512.FusedMultiplyAdd(_momentum, Vector512.LoadAligned(second), change);
            Vector512.StoreAligned(change, second);
        }
        return weight - _rate * change;
    }
}
