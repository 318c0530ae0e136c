using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Convolve.Layers;

/// <summary>
/// A kind of layer. Its constructor is the table of its arguments: only there are their names, types, order and defaults.
/// </summary>
internal sealed class LayerKind
{
    private static readonly LayerKind Entry = Of<Input>();
    private readonly ConstructorInfo _constructor;

    private LayerKind(Type type, ConstructorInfo constructor) =>
        (Type, _constructor, Parameters) = (type, constructor, constructor.GetParameters());

    /// <summary>All that a network may be made of, but its input.</summary>
    public static IReadOnlyList<LayerKind> All { get; } =
    [
        Of<Conv2d>(), Of<Linear>(), Of<BatchNorm2d>(), Of<BatchNorm1d>(), Of<LocalResponseNorm>(),
        Of<MaxPool2d>(), Of<MinPool2d>(), Of<AvgPool2d>(), Of<AdaptiveAvgPool2d>(), Of<GlobalAvgPool>(),
        Of<ReLU>(), Of<LeakyReLU>(), Of<PReLU>(), Of<Tanh>(), Of<Sigmoid>(), Of<GELU>(), Of<SiLU>(), Of<Softmax>(),
        Of<Resize>(), Of<Dropout>(), Of<Flatten>(), Of<PadChannels>(), Of<Add>(), Of<Concat>(),
    ];

    private static readonly Dictionary<Type, LayerKind> ByType =
        All.Append(Entry).Append(Of<GatherParts>()).ToDictionary(kind => kind.Type);

    public Type Type { get; }

    public string Name => Type.Name;

    /// <summary>Those of the constructor.</summary>
    public IReadOnlyList<ParameterInfo> Parameters { get; }

    public static LayerKind Of(Layer layer) => ByType.TryGetValue(layer.GetType(), out LayerKind? kind)
        ? kind : throw new InvalidOperationException($"{layer.GetType()} isn't one of the kinds of layers.");

    /// <summary>Makes a layer.</summary>
    /// <param name="read">The value of an argument; null for its default.</param>
    /// <exception cref="NetworkException">A value is out of range.</exception>
    public Layer Create(Func<ParameterInfo, object?> read)
    {
        object?[] values = [.. Parameters.Select(p => read(p) ?? (p.HasDefaultValue ? p.DefaultValue : null))];
        return (Layer)_constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, values, null);
    }

    /// <summary>The arguments that made a layer.</summary>
    /// <param name="values">In the order of the constructor.</param>
    /// <param name="omittedSize">What a <see cref="Size2"/> that was left out is.</param>
    public IReadOnlyList<LayerArgument> Arguments(object[] values, Size2 omittedSize)
    {
        return [.. Parameters.Select((p, i) => new LayerArgument(p.Name!, values[i], DefaultOf(p)))];

        object? DefaultOf(ParameterInfo parameter) => parameter switch
        {
            { HasDefaultValue: false } => null,
            { DefaultValue: { } value } => value,
            _ when parameter.ParameterType == typeof(Size2?) => omittedSize,
            _ => default(Padding),
        };
    }

    private static LayerKind Of<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TLayer>()
        where TLayer : Layer =>
        new(typeof(TLayer), typeof(TLayer).GetConstructors().Single());
}
