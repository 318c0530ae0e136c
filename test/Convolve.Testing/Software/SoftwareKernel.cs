using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;

namespace Convolve.Testing.Software;

/// <summary>An operation in plain loops over logical elements, from memory to memory.</summary>
internal sealed class SoftwareKernel(Operation operation) : Kernel
{
    private readonly Dictionary<Argument, (Layout Layout, NativeBuffer Buffer, long Offset)> _bound = [];

    public override void Bind(Argument argument, Layout layout, NativeBuffer buffer, long offset)
    {
        _ = buffer.At(offset, layout.Bytes);
        _bound[argument] = (layout, buffer, offset);
    }

    public override void BindScratchpad(NativeBuffer buffer, long offset, long bytes)
    {
    }

    // Every source is read before anything is written: a target may be in its place.
    public override void Execute()
    {
        switch (operation)
        {
            case ConvolutionForward o:
                Forward(o.Bias is not null, o.Activation, (x, w, y) =>
                    SoftwareLoops.Convolution(x.Sizes, w.Sizes, y.Sizes, o.Walk, (i, j, k) => y.Values[k] += x.Values[i] * w.Values[j]));
                break;
            case InnerProductForward o:
                Forward(o.Bias is not null, o.Activation,
                    (x, w, y) => SoftwareLoops.InnerProduct(x.Sizes, y.Sizes, (i, j, k) => y.Values[k] += x.Values[i] * w.Values[j]));
                break;
            case ConvolutionBackwardData o:
                BackwardData((x, w, y) => SoftwareLoops.Convolution(x.Sizes, w.Sizes, y.Sizes, o.Forward.Walk,
                    (i, j, k) => x.Values[i] += y.Values[k] * w.Values[j]));
                break;
            case InnerProductBackwardData:
                BackwardData((x, w, y) => SoftwareLoops.InnerProduct(x.Sizes, y.Sizes,
                    (i, j, k) => x.Values[i] += y.Values[k] * w.Values[j]));
                break;
            case ConvolutionBackwardWeights o:
                BackwardWeights(o.DiffBias is not null, (x, w, y) =>
                    SoftwareLoops.Convolution(x.Sizes, w.Sizes, y.Sizes, o.Forward.Walk,
                    (i, j, k) => w.Values[j] += y.Values[k] * x.Values[i]));
                break;
            case InnerProductBackwardWeights o:
                BackwardWeights(o.DiffBias is not null,
                    (x, w, y) => SoftwareLoops.InnerProduct(x.Sizes, y.Sizes, (i, j, k) => w.Values[j] += y.Values[k] * x.Values[i]));
                break;
            case PoolingForward o:
                Pool(o);
                break;
            case PoolingBackward o:
                BackPool(o.Forward);
                break;
            case ElementwiseForward o:
                Write(Argument.Target, Map(Read(Argument.Source), x => SoftwareLoops.Function(o.Function, x)));
                break;
            case ElementwiseBackward o:
                double[] kept = Read(o.Function.DerivesFromInput ? Argument.Source : Argument.Target).Values;
                SoftwareTensor gradient = Read(Argument.DiffTarget);
                Write(Argument.DiffSource,
                    new(Sizes(Argument.DiffSource), [.. gradient.Values.Select((g, i) => g * SoftwareLoops.Slope(o.Function, kept[i]))]));
                break;
            case ResamplingForward:
                SoftwareTensor image = Read(Argument.Source), resized = New(Argument.Target);
                SoftwareLoops.Resampling(image.Sizes, resized.Sizes, (i, k, share) => resized.Values[k] += share * image.Values[i]);
                Write(Argument.Target, resized);
                break;
            case ResamplingBackward:
                SoftwareTensor diffTarget = Read(Argument.DiffTarget), diffSource = New(Argument.DiffSource);
                SoftwareLoops.Resampling(diffSource.Sizes, diffTarget.Sizes,
                    (i, k, share) => diffSource.Values[i] += share * diffTarget.Values[k]);
                Write(Argument.DiffSource, diffSource);
                break;
            case Reorder:
                Write(Argument.Target, Read(Argument.Source));
                break;
            case Sum o:
                SoftwareTensor[] parts = [.. Enumerable.Range(0, o.Count).Select(i => Read(Argument.FirstSource + i))];
                Write(Argument.Target,
                    new(Sizes(Argument.Target), [.. parts[0].Values.Select((_, i) => parts.Sum(part => part.Values[i]))]));
                break;
            default:
                throw new NotSupportedException($"{operation} has no software kernel.");
        }
    }

    protected override void Dispose(bool disposing)
    {
    }

    private void Forward(bool hasBias, ElementwiseFunction? activation, Action<SoftwareTensor, SoftwareTensor, SoftwareTensor> multiply)
    {
        SoftwareTensor target = New(Argument.Target);
        double[] bias = hasBias ? Read(Argument.Bias).Values : new double[target.Sizes[1]];
        multiply(Read(Argument.Source), Read(Argument.Weights), target);
        int area = target.Sizes.Skip(2).Aggregate(1, (product, size) => product * size);
        for (int i = 0; i < target.Values.Length; i++)
            target.Values[i] += bias[i / area % bias.Length];
        Write(Argument.Target, activation is { } function ? Map(target, x => SoftwareLoops.Function(function, x)) : target);
    }

    private void BackwardData(Action<SoftwareTensor, SoftwareTensor, SoftwareTensor> multiply)
    {
        SoftwareTensor source = New(Argument.DiffSource);
        multiply(source, Read(Argument.Weights), Read(Argument.DiffTarget));
        Write(Argument.DiffSource, source);
    }

    private void BackwardWeights(bool hasBias, Action<SoftwareTensor, SoftwareTensor, SoftwareTensor> multiply)
    {
        SoftwareTensor weights = New(Argument.DiffWeights), target = Read(Argument.DiffTarget);
        multiply(Read(Argument.Source), weights, target);
        Write(Argument.DiffWeights, weights);
        if (!hasBias)
            return;
        SoftwareTensor bias = New(Argument.DiffBias);
        int area = target.Sizes.Skip(2).Aggregate(1, (product, size) => product * size);
        for (int i = 0; i < target.Values.Length; i++)
            bias.Values[i / area % bias.Values.Length] += target.Values[i];
        Write(Argument.DiffBias, bias);
    }

    private void Pool(PoolingForward pool)
    {
        SoftwareTensor source = Read(Argument.Source), target = New(Argument.Target),
            places = SoftwareTensor.Zeros(_bound[Argument.Target].Layout);
        SoftwareLoops.Pooling(source.Sizes, target.Sizes, pool, (pixels, output) =>
        {
            if (pool.Kind == PoolingKind.Max)
            {
                places.Values[output] = pixels.MaxBy(i => source.Values[i]); // the first of equals
                target.Values[output] = source.Values[(int)places.Values[output]];
            }
            else
            {
                target.Values[output] = pixels.Sum(i => source.Values[i]) / Divisor(pool, pixels.Count);
            }
        });
        Write(Argument.Target, target);
        if (_bound.ContainsKey(Argument.Workspace))
            Write(Argument.Workspace, places);
    }

    private void BackPool(PoolingForward pool)
    {
        SoftwareTensor source = New(Argument.DiffSource), target = Read(Argument.DiffTarget);
        double[]? places = pool.Kind == PoolingKind.Max ? Read(Argument.Workspace).Values : null;
        SoftwareLoops.Pooling(source.Sizes, target.Sizes, pool, (pixels, output) =>
        {
            foreach (int i in pixels)
                if (places is null || (int)places[output] == i)
                    source.Values[i] += target.Values[output] / (places is null ? Divisor(pool, pixels.Count) : 1);
        });
        Write(Argument.DiffSource, source);
    }

    private static int Divisor(PoolingForward pool, int pixels) => pool.Kind == PoolingKind.AverageWithPadding
        ? pool.Kernel.Height * pool.Kernel.Width : pixels;

    private static SoftwareTensor Map(SoftwareTensor tensor, Converter<double, double> function) =>
        new([.. tensor.Sizes.Select(size => (long)size)], Array.ConvertAll(tensor.Values, function));

    private IReadOnlyList<long> Sizes(Argument argument) => _bound[argument].Layout.Sizes;

    private SoftwareTensor New(Argument argument) => SoftwareTensor.Zeros(_bound[argument].Layout);

    private SoftwareTensor Read(Argument argument) =>
        SoftwareTensor.Read(_bound[argument].Layout, _bound[argument].Buffer, _bound[argument].Offset);

    private void Write(Argument argument, SoftwareTensor tensor) =>
        tensor.Write(_bound[argument].Layout, _bound[argument].Buffer, _bound[argument].Offset);
}
