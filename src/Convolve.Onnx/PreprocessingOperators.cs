using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using static Convolve.Onnx.Attributes;
using DataType = Convolve.Onnx.TensorProto.Types.DataType;

namespace Convolve.Onnx;

/// <summary>
/// What <see cref="Preprocessing"/> does, as standard operators in front of a network: {N, height, width, channels} bytes to {N, channels,
/// H, W} normalized numbers.
/// </summary>
internal sealed class PreprocessingOperators
{
    // Convolve rounds halves up, of sums of whole numbers; sums in single precision stray by less than this.
    private const float AlmostHalf = 0.5f + 1e-4f;

    private readonly GraphWriter _graph;
    private readonly int _channels;
    private string _value;

    // The size of the pictures at this point, where all have one.
    private FrameSize? _size;

    private PreprocessingOperators(GraphWriter graph, int channels, FrameSize? size, string pictures) =>
        (_graph, _channels, _size, _value) = (graph, channels, size, pictures);

    /// <summary>Writes it, and the graph's input.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="graph">What is written.</param>
    /// <param name="preprocessing">The steps and the normalization.</param>
    /// <param name="result">What the network's input is called.</param>
    /// <exception cref="DatasetException">A step needs a newer opset.</exception>
    public static void Write(GraphWriter writer, GraphProto graph, Preprocessing preprocessing, string result)
    {
        FrameSize end = FrameSize.Of(preprocessing.Size);
        // A fixed batch is for programs that need every size.
        FrameSize? start = writer.Batch is null ? null
            : preprocessing.Steps is [Resize { KeepsAspect: false } first, ..] ? first.Size : end;
        int channels = preprocessing.Size.Channels;
        string pictures = writer.Name(OnnxNetwork.Pictures);
        graph.Input.Add(GraphWriter.Describe(pictures, DataType.Uint8, writer.BatchSize,
            start is { } height ? height.Height : "height", start is { } width ? width.Width : "width", channels));
        PreprocessingOperators operators = new(writer, channels, start, pictures);
        operators.Step("Transpose", "planes", [], Ints("perm", 0, 3, 1, 2));
        operators.Step("Cast", "numbers", [], Int("to", (int)DataType.Float));
        foreach (Transform step in preprocessing.Steps)
            operators.Write(step);
        if (operators._size != end)
            operators.Resized(operators.SizesOf(end));
        operators.Normalize(preprocessing, result);
    }

    private void Write(Transform step)
    {
        switch (step)
        {
            case Resize resize:
                FrameSize? to = resize.KeepsAspect ? _size is { } size ? FrameSize.Of(resize.Infer(size.With(_channels))) : null
                    : resize.Size;
                if (to is not null && to == _size)
                    break;
                if (resize.Antialias && _graph.Opset < Resampling.FirstWithAntialias)
                    throw new DatasetException($"The step {step} of the preprocessing can't be written with opset {_graph.Opset}: " +
                        $"resizing with smoothing needs opset {Resampling.FirstWithAntialias}. Use that, or leave the preprocessing to " +
                        "the program.");
                string sizes = to is { } known ? SizesOf(known) : SizesThatFill(resize.Size);
                if (resize.Antialias)
                    Smoothed(sizes, to);
                else
                    Rounded(sizes);
                _size = to;
                break;
            case CenterCrop crop:
                Crop(crop);
                break;
            default:
                throw new DatasetException(
                    $"The step {step} of the preprocessing can't be written as ONNX. Leave the preprocessing to the program.");
        }
    }

    private void Resized(string sizes, bool antialias = false) =>
        Step("Resize", "resized", ["", "", sizes], Resampling.Attributes(_graph.Opset, antialias));

    // Rounded to bytes, as Convolve does without smoothing: halves to even.
    private void Rounded(string sizes)
    {
        Resized(sizes);
        Step("Round", "rounded", []);
    }

    // As Pillow and Convolve do: first along the rows, rounded to bytes, then along the columns, rounded to bytes.
    private void Smoothed(string sizes, FrameSize? to)
    {
        string wide = _graph.Batch is { } batch && _size is { } from && to is { } known
            ? Constant("wide", batch, _channels, from.Height, known.Width)
            : Made("Concat", "wide", [Part("all_but_columns", Shape(), 0, 3), Part("columns", sizes, 3, 4)], Int("axis", 0));
        foreach (string size in (string[])[wide, sizes])
        {
            Resized(size, antialias: true);
            Step("Add", "raised", [_graph.Constant(Named("almost_half"), [AlmostHalf])]);
            Step("Floor", "rounded", []);
        }
    }

    private string SizesOf(FrameSize frame) => _graph.Batch is { } batch
        ? Constant("sizes", batch, _channels, frame.Height, frame.Width) : Sizes(Constant("size", frame.Height, frame.Width));

    // Batch and channels as they are, then height and width.
    private string Sizes(string frame) =>
        Made("Concat", "sizes", [Part("batch_and_channels", Shape(), 0, 2), frame], Int("axis", 0));

    // The smallest frame of the picture's proportions that fills another one: {max(h, H w / W), max(w, W h / H)}, in whole numbers.
    private string SizesThatFill(FrameSize least)
    {
        string frame = Frame(), turned = Made("Gather", "turned", [frame, Constant("width_and_height", 1, 0)], Int("axis", 0));
        string scaled = Made("Div", "scaled",
            [Made("Mul", "product", [frame, Constant("least_turned", least.Width, least.Height)]), turned]);
        return Sizes(Made("Max", "filling", [Constant("least", least.Height, least.Width), scaled]));
    }

    // The middle; halves are rounded to even, as in torchvision. Reshape refuses pictures that were too small.
    private void Crop(CenterCrop crop)
    {
        FrameSize size = crop.Size;
        if (_size is { } from)
        {
            _ = crop.Infer(from.With(_channels));
            if (from == size)
                return;
            long top = (long)Math.Round((from.Height - size.Height) / 2.0), left = (long)Math.Round((from.Width - size.Width) / 2.0);
            Slice(Constant("start", top, left), Constant("end", top + size.Height, left + size.Width));
        }
        else
        {
            string kept = Constant("kept", size.Height, size.Width);
            string spare = Made("Cast", "spare_numbers", [Made("Sub", "spare", [Frame(), kept])], Int("to", (int)DataType.Float));
            string half = Made("Round", "middle", [Made("Mul", "half", [spare, _graph.Constant(Named("one_half"), [0.5f])])]);
            string start = Made("Cast", "start", [half], Int("to", (int)DataType.Int64));
            Slice(start, Made("Add", "end", [start, kept]));
            Step("Reshape", "cropped", [Constant("cropped_shape", 0, _channels, size.Height, size.Width)],
                _graph.Opset >= 14 ? [Int("allowzero", 0)] : []);
        }
        _size = size;

        void Slice(string start, string end) => Step("Slice", "crop", [start, end, Constant("axes", 2, 3), Constant("steps", 1, 1)]);
    }

    private void Normalize(Preprocessing preprocessing, string result)
    {
        Step("Sub", "centered", [PerChannel("mean", preprocessing.Mean)]);
        _graph.Add("Div", result, [_value, PerChannel("std", preprocessing.Std)]);
    }

    private string PerChannel(string name, IReadOnlyList<float> values) =>
        _graph.Constant(Named(name), [.. values.Select(value => value * 255)], 1, _channels, 1, 1);

    private string Shape() => Made("Shape", "shape", [_value]);

    private string Frame() => Part("frame", Shape(), 2, 4);

    // Some of a list of sizes.
    private string Part(string name, string sizes, int from, int to) =>
        Made("Slice", name, [sizes, Constant(name + "_from", from), Constant(name + "_to", to)]);

    // What is done to the pictures.
    private void Step(string type, string name, IEnumerable<string> others, params ReadOnlySpan<AttributeProto> attributes) =>
        _value = Made(type, name, [_value, .. others], attributes);

    private string Made(string type, string name, IEnumerable<string> from, params ReadOnlySpan<AttributeProto> attributes) =>
        _graph.Add(type, _graph.Name(Named(name)), from, attributes);

    private string Constant(string name, params ReadOnlySpan<long> values) => _graph.Constant(Named(name), values);

    private static string Named(string name) => $"{OnnxNetwork.Pictures}/{name}";
}
