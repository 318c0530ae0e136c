
namespace Convolve.Data.Transforms;

/// <summary>
/// The one written form of transforms, in recipes, model files and on the command line: <c>NAME[:VALUE][:KEY=VALUE]...</c>, such as
/// <c>random-crop:32:padding=4</c>. Read strictly: what is not understood is refused, with what was expected.
/// </summary>
internal static class TransformText
{
    private static readonly Kind[] Kinds =
    [
        Of<Resize>("resize", "SIZE", "[:antialias=false]", ReadResize, WriteResize),
        Of<CenterCrop>("center-crop", "SIZE", "", f => new(f.Size()), (t, w) => w.Value($"{t.Size}")),
        Of<RandomCrop>("random-crop", "SIZE", "[:padding=N][:padding-mode=zero|reflect]",
            f => new(f.Size()) { Padding = f.Whole("padding", 0), PaddingMode = f.OneOf("padding-mode", PaddingMode.Zero) },
            (t, w) => w.Value($"{t.Size}").Add("padding", t.Padding, 0).Add("padding-mode", t.PaddingMode, PaddingMode.Zero)),
        Of<RandomResizedCrop>("random-resized-crop", "SIZE", "[:scale=FROM..TO][:ratio=FROM..TO][:antialias=false]", ReadResizedCrop,
            (t, w) => w.Value($"{t.Size}").Add("scale", t.Scale, new(0.08f, 1)).Add("ratio", t.Ratio, new(0.75f, 4 / 3f))
            .Add("antialias", t.Antialias, true)),
        Of<HorizontalFlip>("horizontal-flip", "[SHARE]", "", f => new() { Probability = f.Number(0.5f) },
        (t, w) => w.Value(t.Probability, 0.5f)),
        Of<Rotation>("rotation", "DEGREES", "", f => new(f.Number()), (t, w) => w.Value(t.Degrees, null)),
        Of<Translation>("translation", "SHARE", "", f => new(f.Number()), (t, w) => w.Value(t.Fraction, null)),
        Of<ColorJitter>("color-jitter", "[STRENGTH]", "[:brightness=X][:contrast=X][:saturation=X][:hue=X]", ReadJitter,
            (t, w) => w.Add("brightness", t.Brightness, 0f).Add("contrast", t.Contrast, 0f).Add("saturation", t.Saturation, 0f)
            .Add("hue", t.Hue, 0f)),
        Of<Lighting>("lighting", "[DEVIATION]", "", f => new(f.Number(0.1f)) { Components = f.Components("colors") },
            (t, w) => w.Value(t.Std, 0.1f).Add("colors", t.Components, null)),
        Of<Noise>("noise", "DEVIATION", "", f => new(f.Number()), (t, w) => w.Value(t.Std, null)),
        Of<RandomErasing>("random-erasing", "[SHARE]", "[:scale=FROM..TO][:ratio=FROM..TO][:fill=mean|random|zero]",
            f => new(f.Number(0.5f)) { Scale = f.Range("scale", new(0.02f, 0.33f)), Ratio = f.Range("ratio", new(0.3f, 3.3f)),
            Fill = f.OneOf("fill", ErasedFill.Mean) },
            (t, w) => w.Value(t.Probability, 0.5f).Add("scale", t.Scale, new(0.02f, 0.33f)).Add("ratio", t.Ratio, new(0.3f, 3.3f))
            .Add("fill", t.Fill, ErasedFill.Mean)),
        Of<MixUp>("mixup", "[ALPHA]", "[:probability=X]", f => new(f.Number(0.2f)) { Probability = f.Number("probability", 1) },
            (t, w) => w.Value(t.Alpha, 0.2f).Add("probability", t.Probability, 1f)),
        Of<CutMix>("cutmix", "[ALPHA]", "[:probability=X]", f => new(f.Number(1)) { Probability = f.Number("probability", 1) },
            (t, w) => w.Value(t.Alpha, 1).Add("probability", t.Probability, 1f)),
    ];

    /// <summary>How each kind is typed.</summary>
    public static IReadOnlyList<string> Syntax =>
        [.. Kinds.Select(k => k.Name + (k.Value.StartsWith('[') ? $"[:{k.Value[1..]}" : $":{k.Value}") + k.Keys)];

    public static IReadOnlyList<Type> Types => [.. Kinds.Select(k => k.Type)];

    public static string NameOf(Type type) => Kinds.First(k => k.Type == type).Name;

    public static string Write(Transform transform)
    {
        Kind kind = Kinds.First(k => k.Type == transform.GetType());
        TransformWriter writer = new(kind.Name);
        kind.Write(transform, writer);
        return writer.ToString();
    }

    /// <exception cref="DatasetException">The text is not a transform.</exception>
    public static Transform Read(string text)
    {
        string name = text.Split(':')[0].Trim();
        Kind? kind = Kinds.FirstOrDefault(k => k.Name == (name == "flip" ? "horizontal-flip" : name));
        if (kind is null)
        {
            throw new DatasetException(
                $"Unknown transform \"{name}\".{NearestName.Guess(name, Kinds.Select(k => k.Name))} Use one of " +
                $"{string.Join(", ", Kinds.Select(k => k.Name))}.");
        }
        TransformFields fields = new(text, kind.Name);
        Transform transform = kind.Read(fields);
        fields.End();
        return transform;
    }

    private static Kind Of<T>(string name, string value, string keys, Func<TransformFields, T> read, Action<T, TransformWriter> write)
        where T : Transform => new(name, typeof(T), value, keys, read, (t, writer) => write((T)t, writer));

    // "256" is torchvision's Resize(256), the shorter side; "256x256" is exact.
    private static Resize ReadResize(TransformFields fields)
    {
        bool isOneNumber = !fields.ValueText.Contains('x', StringComparison.Ordinal);
        return new(fields.Size()) { KeepsAspect = fields.Flag("keep-aspect", isOneNumber), Antialias = fields.Flag("antialias", true) };
    }

    private static void WriteResize(Resize t, TransformWriter writer)
    {
        bool isOneNumber = t.KeepsAspect && t.Size.Height == t.Size.Width;
        writer.Value(isOneNumber ? $"{t.Size}" : t.Size.Exact).Add("keep-aspect", t.KeepsAspect, isOneNumber)
            .Add("antialias", t.Antialias, true);
    }

    private static RandomResizedCrop ReadResizedCrop(TransformFields fields) => new(fields.Size())
    {
        Scale = fields.Range("scale", new(0.08f, 1)),
        Ratio = fields.Range("ratio", new(0.75f, 4 / 3f)),
        Antialias = fields.Flag("antialias", true),
    };

    private static ColorJitter ReadJitter(TransformFields fields)
    {
        float strength = fields.Number(0f);
        return new ColorJitter
        {
            Brightness = fields.Number("brightness", strength),
            Contrast = fields.Number("contrast", strength),
            Saturation = fields.Number("saturation", strength),
            Hue = fields.Number("hue", 0),
        };
    }

    private sealed record Kind(
        string Name, Type Type, string Value, string Keys, Func<TransformFields, Transform> Read, Action<Transform, TransformWriter> Write);
}
