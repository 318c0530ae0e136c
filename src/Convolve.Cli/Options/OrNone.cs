namespace Convolve.Cli.Options;

/// <summary>A value that may be switched off: "none" turns off what a recipe, or the resumed run, has.</summary>
/// <param name="Value">Null for none.</param>
internal readonly record struct OrNone<T>(T? Value) where T : struct;

/// <summary>How it is typed.</summary>
internal static class OrNone
{
    public const string Word = "none";

    /// <summary>What is typed; where nothing is, what holds otherwise.</summary>
    public static T? Or<T>(this OrNone<T>? typed, T? usual) where T : struct => typed is { } said ? said.Value : usual;
}

/// <summary>A number, or the word auto.</summary>
/// <param name="Value">Null for auto.</param>
internal readonly record struct OrAuto(int? Value)
{
    public const string Word = "auto";
}
