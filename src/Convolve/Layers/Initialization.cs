using System.Globalization;

namespace Convolve.Layers;

/// <summary>How the weights and the biases of a network start.</summary>
/// <param name="Weights">For kernels of convolutions and matrices of fully connected layers.</param>
/// <param name="Biases">For biases.</param>
public sealed record Initialization(Initializer Weights, Initializer Biases)
{
    /// <summary>Kaiming normal, zero biases: what a ReLU network wants.</summary>
    public static Initialization Default { get; } = new(new KaimingNormal(), new Constant(0));

    /// <summary>The names that <see cref="Parse"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["kaiming-normal", "kaiming-normal-fan-out", "kaiming-uniform", "xavier-normal", "xavier-uniform", "pytorch", "normal(S)",
        "constant(V)"];

    /// <summary>Reads a name such as "xavier-uniform", "pytorch" or "normal(0.01)"; biases are 0 but for "pytorch".</summary>
    /// <exception cref="NetworkException">The name is unknown.</exception>
    public static Initialization Parse(string name) => Find(name) ?? throw Unknown(name, Names);

    internal static NetworkException Unknown(string name, IEnumerable<string> names) =>
        new($"\"{name}\" is not an initializer.{NearestName.Guess(name, names)} Use one of {string.Join(", ", names)}.");

    internal static Initialization? Find(string name) =>
        FindInitializer(name) is { } weights ? new(weights, weights is PyTorchUniform ? weights : new Constant(0)) : null;

    internal static Initializer ParseInitializer(string name) => FindInitializer(name) ?? throw Unknown(name, Names);

    private static Initializer? FindInitializer(string name) => name switch
    {
        "kaiming-normal" => new KaimingNormal(),
        "kaiming-normal-fan-out" => new KaimingNormalFanOut(),
        "kaiming-uniform" => new KaimingUniform(),
        "xavier-normal" => new XavierNormal(),
        "xavier-uniform" => new XavierUniform(),
        "pytorch" => new PyTorchUniform(),
        _ when Argument(name, "normal") is { } deviation and >= 0 => new Normal(deviation),
        _ when Argument(name, "constant") is { } value => new Constant(value),
        _ => null,
    };

    private static float? Argument(string text, string function) =>
        text.StartsWith(function + "(", StringComparison.Ordinal) && text.EndsWith(')')
        && float.TryParse(text.AsSpan(function.Length + 1, text.Length - function.Length - 2), NumberStyles.Float,
        CultureInfo.InvariantCulture, out float value)
        && float.IsFinite(value) ? value : null;
}
