namespace Convolve.Onnx;

/// <summary>How a network is written as ONNX.</summary>
public sealed record OnnxOptions
{
    /// <summary>The operator sets that can be written, in order.</summary>
    internal static readonly int[] Opsets = [13, 17, 18, 21];

    /// <summary>
    /// The version of the operators: 13, the default, which the most programs read, 17, 18 or 21. Resizing pictures with smoothing
    /// (<see cref="WithPreprocessing"/>) needs 18.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is another one.</exception>
    public int Opset
    {
        get;
        init => field = Opsets.Contains(value) ? value : throw new ArgumentOutOfRangeException(nameof(value), value,
            $"Opset {value} isn't supported. Use {string.Join(", ", Opsets.SkipLast(1))} or {Opsets[^1]}.");
    } = Opsets[0];

    /// <summary>
    /// The only batch size, for programs that don't take shapes with names, such as OpenCV 4; null, the default, for any batch size.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public int? StaticBatch
    {
        get;
        init => field = value is null or >= 1 ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A batch of {value} images is empty. Use at least 1.");
    }

    /// <summary>
    /// Whether the network takes pictures as they come from a decoder, [N, height, width, channels] bytes, and resizes, crops and
    /// normalizes them itself. Default false: it takes normalized numbers [N, channels, height, width].
    /// </summary>
    /// <remarks>
    /// The pictures may have any size; with <see cref="StaticBatch"/> they have the size of the training images where these had one,
    /// otherwise the network's.
    /// </remarks>
    public bool WithPreprocessing { get; init; }

    /// <summary>The version of the file format that came with the operators.</summary>
    internal int IrVersion => Opset switch { 13 => 7, 17 or 18 => 8, _ => 10 };
}
