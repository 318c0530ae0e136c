using System.Globalization;
using System.Text.RegularExpressions;
using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Zoo;

namespace Convolve.Tests.Execution;

/// <summary>Weights in every layout that a plan may choose, against an index computed from the layout's printed name.</summary>
public partial class LayoutCopyTests
{
    public static TheoryData<string> Networks =>
        [.. NetworkCatalog.All.Where(e => NetworkCatalog.Create(e.Name).ParameterCount < 500_000).Select(e => e.Name)];

    public static TheoryData<string> AllNetworks => [.. NetworkCatalog.All.Select(e => e.Name)];

    // 6,160 inputs and, in bfloat16, 12,304 are where the library's own reorder leaves rows out: units of 17 to 63, 65 to 112 and 129 to
    // 176.
    public static TheoryData<int, int> Linears => new()
    {
        { 10, 100 }, { 17, 6160 }, { 33, 401 }, { 64, 100 }, { 65, 6160 }, { 17, 12304 }, { 113, 77 }, { 176, 6160 },
    };

    public static TheoryData<int, int> AllLinears
    {
        get
        {
            TheoryData<int, int> all = [];
            foreach (int inputs in new[] { 1, 15, 16, 100, 6128, 6144, 6160, 9216, 12288, 12304 })
                foreach (int units in new[] { 1, 10, 16, 17, 23, 31, 32, 33, 40, 47, 48, 49, 63, 64, 65, 80, 96, 111, 112, 113, 128, 129,
                    144, 160, 175, 176, 177, 200 })
                    all.Add(units, inputs);
            return all;
        }
    }

    public static TheoryData<string> Convolutions =>
    [
        "3 16 3 1", "3 20 5 1", "1 8 3 1", "16 16 1 1", "16 32 3 1", "17 33 3 1", "32 64 5 1", "48 40 3 1", "64 64 3 4", "64 128 1 2",
        "32 32 3 32", "16 16 5 16", "34 68 3 2", "96 24 7 1", "65 130 3 1",
    ];

    [Theory, MemberData(nameof(Linears))]
    public void Weights_of_a_linear_layer(int units, int inputs) => Check(LinearOf(units, inputs), Precision.Float32);

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Linears))]
    public void Weights_of_a_linear_layer_in_bfloat16(int units, int inputs) => Check(LinearOf(units, inputs), Precision.BFloat16);

    [Theory, Trait("Category", "Slow"), MemberData(nameof(AllLinears))]
    public void Weights_of_a_linear_layer_of_any_size(int units, int inputs) => Check(LinearOf(units, inputs), Precision.Float32);

    [NeedsTheory(Feature.BFloat16), Trait("Category", "Slow"), MemberData(nameof(AllLinears))]
    public void Weights_of_a_linear_layer_of_any_size_in_bfloat16(int units, int inputs) =>
        Check(LinearOf(units, inputs), Precision.BFloat16);

    [Theory, MemberData(nameof(Convolutions))]
    public void Weights_of_a_convolution(string channelsFiltersKernelGroups) =>
        CheckConvolution(channelsFiltersKernelGroups, Precision.Float32);

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Convolutions))]
    public void Weights_of_a_convolution_in_bfloat16(string channelsFiltersKernelGroups) =>
        CheckConvolution(channelsFiltersKernelGroups, Precision.BFloat16);

    private static void CheckConvolution(string channelsFiltersKernelGroups, Precision precision)
    {
        int[] n = [.. channelsFiltersKernelGroups.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        foreach (int stride in new[] { 1, 2 })
            Check(Graph.Sequential("one", (n[0], 12, 12),
                [new Conv2d(n[0], 1), new ReLU(), new Conv2d(n[1], n[2], stride: stride, padding: n[2] / 2, groups: n[3]), new ReLU(),
                new GlobalAvgPool(), new Linear(10)]), precision);
    }

    [Theory, MemberData(nameof(Networks))]
    public void Weights_of_the_small_networks(string name) => Check(NetworkCatalog.Create(name), Precision.Float32);

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Networks))]
    public void Weights_of_the_small_networks_in_bfloat16(string name) => Check(NetworkCatalog.Create(name), Precision.BFloat16);

    [Theory, Trait("Category", "Slow"), MemberData(nameof(AllNetworks))]
    public void Weights_of_every_network(string name) => Check(NetworkCatalog.Create(name), Precision.Float32);

    [NeedsTheory(Feature.BFloat16), Trait("Category", "Slow"), MemberData(nameof(AllNetworks))]
    public void Weights_of_every_network_in_bfloat16(string name) => Check(NetworkCatalog.Create(name), Precision.BFloat16);

    [Fact]
    public void Layouts_of_other_sizes_or_types_are_refused()
    {
        static Layout Plain(ElementType type, params long[] sizes) => Layout.Plain(type, sizes);
        Layout given = Plain(ElementType.Float32, 4, 6);
        foreach ((Layout source, Layout target) in new[] { (given, Plain(ElementType.Float32, 6, 4)),
            (given, Plain(ElementType.UInt8, 4, 6)), (Plain(ElementType.BFloat16, 4, 6), given) })
            Assert.Contains("fc.weight: expected weights in float32",
            Assert.Throws<ArgumentException>(() => new LayoutCopy("fc.weight", source, target)).Message, StringComparison.Ordinal);
    }

    private static Graph LinearOf(int units, int inputs) =>
        Graph.Sequential("one", (1, 1, inputs), [new Flatten(), new Linear(units), new Tanh(), new Linear(10)]);

    private static void Check(Graph graph, Precision precision)
    {
        HashSet<(Layout, Layout)> seen = [];
        foreach (bool exact in new[] { false, true })
        {
            Plan training = Planner.Create(graph, new(16, true, precision, exact, 2)),
                evaluation = Planner.Create(graph, new(3, false, precision, exact, 2), training.Parameters);
            foreach (ParameterSlot slot in training.Parameters.Slots)
            {
                Layout plain = Layout.Plain(ElementType.Float32, [.. slot.Layout.Sizes]);
                if (seen.Add((plain, slot.Layout)))
                    CheckCopies(slot.Name, plain, slot.Layout);
            }
            foreach (Tensor copy in training.WeightCopies.Concat(evaluation.WeightCopies))
            {
                ParameterSlot slot = training.Parameters.Slots[copy.Storage.Parameter];
                if (seen.Add((slot.Layout, copy.Layout)))
                    CheckCopy(slot.Name, slot.Layout, copy.Layout);
            }
            foreach (Step step in training.Steps.Where(s => s.Work is WeightsCopyWork))
                if (seen.Add((step[Argument.Source].Layout, step[Argument.Target].Layout)))
                    CheckCopy(step.Label, step[Argument.Source].Layout, step[Argument.Target].Layout);
        }
    }

    private static void CheckCopies(string name, Layout plain, Layout layout)
    {
        CheckCopy(name, plain, layout);
        CheckCopy(name, layout, plain);
        CheckPieces(name, layout, plain);
    }

    // Every element is its number, by which it is recognized; small ones, which bfloat16 has exactly.
    private static float Value(long element) => element % 255 + 1;

    private static void CheckCopy(string name, Layout from, Layout to)
    {
        using NativeBuffer source = new(from.Bytes, "source"), target = new(to.Bytes, "target");
        Fill(from, source);
        target.Span<byte>(0, (int)to.Bytes).Fill(0xFF);
        using LayoutCopy copy = new(name, from, to);
        ThreadTeam.Invoke(() => copy.Run(source.At(0, from.Bytes), target.At(0, to.Bytes)));
        Require(name, to, target);
    }

    private static void CheckPieces(string name, Layout from, Layout plain)
    {
        using NativeBuffer source = new(from.Bytes, "source"), target = new(plain.Bytes, "target");
        Fill(from, source);
        target.Span<byte>(0, (int)plain.Bytes).Fill(0xFF);
        using LayoutCopy copy = new(name, from, plain);
        ThreadTeam.Invoke(() =>
        {
            for (int row = 0; row < copy.Rows; row += 5)
            {
                int rows = Math.Min(5, copy.Rows - row);
                copy.ReadRows(source.At(0, from.Bytes),
                    target.Span<float>((long)row * copy.Columns * sizeof(float), rows * copy.Columns), row, rows);
            }
        });
        Require(name, plain, target);
    }

    private static void Fill(Layout layout, NativeBuffer buffer)
    {
        Span<float> values = buffer.Span<float>(0, (int)(layout.Bytes / sizeof(float)));
        values.Fill(float.NaN);
        long element = 0;
        foreach (long place in Places(layout))
            values[(int)place] = Value(element++);
    }

    // Every element where it belongs, and zeros everywhere else.
    private static void Require(string name, Layout layout, NativeBuffer buffer)
    {
        bool isBFloat16 = layout.Type == ElementType.BFloat16;
        int length = (int)(layout.Bytes / (isBFloat16 ? sizeof(ushort) : sizeof(float)));
        Span<ushort> narrow = isBFloat16 ? buffer.Span<ushort>(0, length) : default;
        Span<float> wide = isBFloat16 ? default : buffer.Span<float>(0, length);
        float[] expected = new float[length];
        long element = 0, wrong = 0;
        foreach (long place in Places(layout))
            expected[place] = Value(element++);
        for (int i = 0; i < length; i++)
            wrong += (isBFloat16 ? BFloat16.ToSingle(narrow[i]) : wide[i]) == expected[i] ? 0 : 1;
        Assert.True(wrong == 0, $"{name} [{layout}]: {wrong} of {length} are wrong");
    }

    /// <summary>
    /// Where each element is, in row-major order, by what the layout prints: "ABcd16b4a" is blocks of 16 b by 4 a, dense.
    /// </summary>
    private static List<long> Places(Layout layout)
    {
        long[] sizes = [.. layout.Sizes];
        Match format = FormatPattern().Match(layout.Format);
        int[] order = [.. format.Groups["outer"].Value.ToLowerInvariant().Select(c => c - 'a')];
        (long Size, int Axis)[] blocks =
            [.. format.Groups["block"].Captures.Select(b => (long.Parse(b.ValueSpan[..^1]), b.Value[^1] - 'a'))];
        List<long> places = [0];
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            long[] own = [.. Enumerable.Range(0, (int)sizes[axis]).Select(i => PlaceOf(i, axis, sizes, order, blocks))];
            places = [.. places.SelectMany(_ => own, (place, step) => place + step)];
        }
        return places;
    }

    // The place of an element whose other indices are 0: digit by digit, from the outermost to the innermost.
    private static long PlaceOf(long index, int axis, long[] sizes, int[] order, (long Size, int Axis)[] blocks)
    {
        long InBlocks(int a) => blocks.Where(b => b.Axis == a).Aggregate(1L, (product, b) => product * b.Size);
        long place = 0, left = InBlocks(axis);
        foreach (int other in order)
            place = place * ((sizes[other] + InBlocks(other) - 1) / InBlocks(other)) + (other == axis ? index / left : 0);
        foreach ((long size, int blocked) in blocks)
            place = place * size + (blocked == axis ? index % left / (left /= size) : 0);
        return place;
    }

    [GeneratedRegex("^(?<outer>[A-Za-z]+?)(?<block>[0-9]+[a-z])*$")]
    private static partial Regex FormatPattern();
}
