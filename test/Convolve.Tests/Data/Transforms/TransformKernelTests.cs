using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Kernels;
using Convolve.Kernels.Pixels;
using Convolve.Tests.Data.Sets;

namespace Convolve.Tests.Data.Transforms;

/// <summary>Each transform against what it is said to do, in plain loops.</summary>
public sealed class TransformKernelTests
{
    private const int Draws = 400;

    public static TheoryData<int, int, int> Sizes => new() { { 3, 32, 32 }, { 1, 28, 28 }, { 3, 5, 7 }, { 1, 16, 17 }, { 3, 40, 33 } };

    [Theory, MemberData(nameof(Sizes))]
    public void Crops_are_parts_of_the_padded_image_and_every_place_comes_up(int channels, int height, int width)
    {
        ImageSize size = new(channels, height, width);
        byte[] pixels = [.. Pictures.Of(size).Select(b => (byte)(b | 1))]; // none is black
        foreach ((int padding, FrameSize frame) in ((int, FrameSize)[])[(0, new(height - 2, width - 3)), (2, FrameSize.Of(size)),
            (1, new(height, width - 1)), (0, FrameSize.Of(size))])
        {
            Dictionary<string, (int Top, int Left)> places = [];
            for (int top = -padding; top <= height + padding - frame.Height; top++)
                for (int left = -padding; left <= width + padding - frame.Width; left++)
                    places.Add(Convert.ToHexString(Part(pixels, size, top, left, frame)), (top, left));
            int[] counts = new int[places.Count];
            for (uint sample = 0; sample < Draws; sample++)
            {
                byte[] cropped = Pictures.Apply([new RandomCrop(frame) { Padding = padding }], pixels, size, sample).Pixels;
                counts[places.Keys.ToList().IndexOf(Convert.ToHexString(cropped))]++; // -1 throws: no such part
            }
            RequireUniform(counts);
            Assert.DoesNotContain(0, counts); // even of 25 places, one that misses all 400 draws is one chance in a million
        }
    }

    // A frame smaller than the padding may lie wholly in it.
    [Fact]
    public void Reflected_crops_are_parts_of_the_mirrored_image()
    {
        const int Padding = 7;
        ImageSize size = new(3, 8, 9);
        FrameSize frame = new(4, 3);
        byte[] pixels = Pictures.Of(size);
        HashSet<string> parts = [];
        for (int top = -Padding; top <= size.Height + Padding - frame.Height; top++)
            for (int left = -Padding; left <= size.Width + Padding - frame.Width; left++)
                parts.Add(Convert.ToHexString([.. from c in Enumerable.Range(0, 3) from y in Enumerable.Range(top, frame.Height)
                    from x in Enumerable.Range(left, frame.Width)
                                                  select pixels[(c * size.Height + Reflected(y, size.Height)) * size.Width
                                                  + Reflected(x, size.Width)]]));
        HashSet<string> drawn = [];
        for (uint sample = 0; sample < 20 * parts.Count; sample++)
            drawn.Add(Convert.ToHexString(Pictures.Apply([new RandomCrop(frame) { Padding = Padding, PaddingMode = PaddingMode.Reflect }],
                pixels, size, sample).Pixels));
        Assert.True(parts.SetEquals(drawn));

        static int Reflected(int place, int count) => count - 1 - Math.Abs(count - 1 - Math.Abs(place));
    }

    [Theory, MemberData(nameof(Sizes))]
    public void Half_of_the_images_are_mirrored(int channels, int height, int width)
    {
        ImageSize size = new(channels, height, width);
        byte[] pixels = Pictures.Of(size),
            mirrored = [.. Enumerable.Range(0, size.Length).Select(i => pixels[i / width * width + width - 1 - i % width])];
        int count = 0;
        for (uint sample = 0; sample < Draws; sample++)
        {
            byte[] output = Pictures.Apply([new HorizontalFlip()], pixels, size, sample).Pixels;
            bool isMirrored = output.AsSpan().SequenceEqual(mirrored);
            Assert.True(isMirrored || output.AsSpan().SequenceEqual(pixels));
            count += isMirrored ? 1 : 0;
        }
        RequireUniform([count, Draws - count]);
        Assert.Equal(mirrored, Pictures.Apply([new HorizontalFlip { Probability = 1 }], pixels, size).Pixels);
        Assert.Equal(pixels, Pictures.Apply([new HorizontalFlip { Probability = 0 }], pixels, size).Pixels);
    }

    [Fact]
    public void Translations_move_by_whole_pixels_evenly_to_all_sides()
    {
        ImageSize size = new(3, 20, 10);
        byte[] pixels = [.. Pictures.Of(size).Select(b => (byte)(b | 1))];
        int[] downs = new int[9], rights = new int[5];
        for (uint sample = 0; sample < 4000; sample++)
        {
            byte[] output = Pictures.Apply([new Translation(0.2f)], pixels, size, sample).Pixels;
            (int down, int right) = (from d in Enumerable.Range(-4, 9)
                                     from r in Enumerable.Range(-2, 5)
                                     where Part(pixels, size, -d, -r, new(20, 10)).AsSpan().SequenceEqual(output)
                                     select (d, r)).Single();
            (downs[down + 4], rights[right + 2]) = (downs[down + 4] + 1, rights[right + 2] + 1);
        }
        // A uniform number is rounded: the farthest ways come half as often.
        RequireUniform([2 * downs[0], .. downs[1..^1], 2 * downs[^1]]);
        RequireUniform([2 * rights[0], .. rights[1..^1], 2 * rights[^1]]);
    }

    [Fact]
    public void Resized_crops_are_resized_crops()
    {
        ImageSize size = new(3, 50, 41);
        byte[] pixels = Pictures.Of(size);
        foreach (bool antialias in (bool[])[true, false])
        {
            RandomResizedCrop crop = new(new(24, 30)) { Antialias = antialias };
            for (uint sample = 0; sample < 30; sample++)
            {
                CounterRandom random = new(1, RandomPurpose.Augmentation, 0, sample);
                var (top, left, height, width) = TransformKernels.Draw(crop, size, ref random);
                byte[] part = Part(pixels, size, top, left, new(height, width));
                Assert.Equal(Pictures.Apply([new Resize(crop.Size) { Antialias = antialias }], part, new(3, height, width)).Pixels,
                    Pictures.Apply([crop], pixels, size, sample).Pixels);
            }
        }
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(60, 240)]
    [InlineData(8, 8)]
    public void Crops_and_erased_parts_have_the_areas_and_shapes_that_were_asked_for(int height, int width)
    {
        ImageSize size = new(3, height, width);
        RandomResizedCrop crop = new(10) { Scale = new(0.2f, 0.6f), Ratio = new(0.5f, 2) };
        RandomErasing erasing = new() { Scale = new(0.1f, 0.3f), Ratio = new(0.4f, 2.5f) };
        CounterRandom random = new(3, RandomPurpose.Test);
        (double Area, double Ratio)[] crops = new (double, double)[2000], erased = new (double, double)[2000];
        for (int i = 0; i < crops.Length; i++)
        {
            foreach (bool isCrop in (bool[])[true, false])
            {
                var (top, left, h, w) = isCrop ? TransformKernels.Draw(crop, size, ref random)
                    : TransformKernels.Draw(erasing, size, ref random);
                Assert.True(top >= 0 && left >= 0 && h > 0 && w > 0 && top + h <= height && left + w <= width);
                (isCrop ? crops : erased)[i] = ((double)h * w / size.PixelCount, isCrop ? (double)w / h : (double)h / w);
            }
        }
        double rounding = 2.0 / Math.Min(height, width);
        Assert.All(crops, c => Assert.True(c.Area >= 0.2 * (1 - 2 * rounding) && c.Area <= 0.6 * (1 + 2 * rounding)
            && c.Ratio >= 0.5 * (1 - rounding) && c.Ratio <= 2 * (1 + rounding), $"{c}"));
        Assert.All(erased, c => Assert.True(c.Area >= 0.1 * (1 - 2 * rounding) && c.Area <= 0.3 * (1 + 2 * rounding), $"{c}"));
        if (height != width || height < 100)
            return; // where all fits, areas are uniform and shapes as often wide as high
        Assert.InRange(erased.Average(c => c.Area), 0.2 - 0.005, 0.2 + 0.005);
        Assert.InRange(crops.Average(c => Math.Log(c.Ratio)), -0.05, 0.05);
        Assert.InRange(erased.Average(c => Math.Log(c.Ratio)), -0.07, 0.07);
    }

    [Fact]
    public void A_crop_that_never_fits_is_the_middle_of_the_shape_that_comes_nearest()
    {
        CounterRandom random = new(3, RandomPurpose.Test);
        RandomResizedCrop whole = new(8) { Scale = new(1, 1) };
        Assert.Equal((0, 33, 100, 133), TransformKernels.Draw(whole, new(3, 100, 200), ref random));
        Assert.Equal((34, 0, 133, 100), TransformKernels.Draw(whole, new(3, 201, 100), ref random));
        Assert.Equal((0, 0, 1, 1), TransformKernels.Draw(whole, new(3, 1, 1), ref random));
    }

    [Theory]
    [InlineData(nameof(ErasedFill.Mean))]
    [InlineData(nameof(ErasedFill.Zero))]
    [InlineData(nameof(ErasedFill.Random))]
    public void Erasing_covers_one_rectangle_and_nothing_else(string name)
    {
        ErasedFill fill = Enum.Parse<ErasedFill>(name);
        ImageSize size = new(3, 31, 23);
        byte[] pixels = [.. Enumerable.Repeat((byte)200, size.Length)];
        int untouched = 0;
        List<byte> random = [];
        for (uint sample = 0; sample < Draws; sample++)
        {
            byte[] output = Pictures.Apply([new RandomErasing(0.7f) { Fill = fill }], pixels, size, sample).Pixels;
            int[] changed = [.. Enumerable.Range(0, size.Length).Where(i => output[i] != 200)];
            if (changed.Length == 0)
            {
                untouched++;
                continue;
            }
            int top = changed.Min(i => i / 23 % 31), bottom = changed.Max(i => i / 23 % 31), left = changed.Min(i => i % 23),
                right = changed.Max(i => i % 23);
            if (fill == ErasedFill.Random)
                random.AddRange(changed.Select(i => output[i]));
            else
                Assert.Equal(3 * (bottom - top + 1) * (right - left + 1), changed.Length);
            if (fill != ErasedFill.Random)
                Assert.All(changed, i => Assert.Equal(fill == ErasedFill.Zero ? 0 : Pictures.Mean[i / size.PixelCount], output[i]));
        }
        RequireWithin(untouched, Draws * 0.3, Draws * 0.3 * 0.7);
        if (fill == ErasedFill.Random)
            Assert.InRange(random.Average(b => (double)b), 125, 130);
    }

    [Theory]
    [InlineData(3, 32, 32)]
    [InlineData(1, 7, 9)]
    [InlineData(3, 224, 101)]
    public void Noise_has_its_deviation_and_no_mean(int channels, int height, int width)
    {
        ImageSize size = new(channels, height, width);
        byte[] pixels = [.. Enumerable.Repeat((byte)128, size.Length)];
        double sum = 0, squares = 0;
        int count = 0, far = 0;
        for (uint sample = 0; count < 200_000; sample++)
        {
            foreach (byte value in Pictures.Apply([new Noise(0.1f)], pixels, size, sample).Pixels)
            {
                double noise = value - 128;
                (sum, squares, count, far) = (sum + noise, squares + noise * noise, count + 1, far + (Math.Abs(noise) > 2 * 25.5 ? 1 : 0));
            }
        }
        Assert.InRange(sum / count, -0.3, 0.3);
        Assert.InRange(Math.Sqrt(squares / count), 25.5 - 0.3, 25.5 + 0.3);
        Assert.InRange((double)far / count, 0.0455 - 0.004, 0.0455 + 0.004);
        byte[] edges = Pictures.Apply([new Noise(1)], [.. Enumerable.Range(0, size.Length).Select(i => (byte)(i % 2 * 255))], size).Pixels;
        Assert.Contains((byte)0, edges);
        Assert.Contains((byte)255, edges);
    }

    [Fact]
    public void Light_moves_every_pixel_of_a_channel_by_the_components()
    {
        ImageSize size = new(3, 6, 11);
        ColorComponents colors = new([0.2f, 0.1f, 0.15f, -0.05f, 0.04f, 0.01f, 0.002f, 0.003f, -0.01f]);
        byte[] pixels = [.. Enumerable.Range(0, size.Length).Select(i => (byte)(i * 3))];
        double squares = 0;
        for (uint sample = 0; sample < 500; sample++)
        {
            CounterRandom random = new(1, RandomPurpose.Augmentation, 0, sample);
            float[] amounts = [0.3f * random.NextNormal(), 0.3f * random.NextNormal(), 0.3f * random.NextNormal()];
            byte[] output = Pictures.Apply([new Lighting(0.3f) { Components = colors }], pixels, size, sample).Pixels;
            for (int i = 0; i < output.Length; i++)
            {
                double shift = 255 * Enumerable.Range(0, 3).Sum(k => (double)amounts[k] * colors[k, i / 66]);
                Assert.InRange(output[i] - Math.Clamp(pixels[i] + shift, 0, 255), -0.501, 0.501);
            }
            squares += amounts.Sum(a => a * a) / 3 / 500;
        }
        Assert.InRange(Math.Sqrt(squares), 0.3 * 0.93, 0.3 * 1.07);
    }

    [Fact]
    public void Color_factors_are_uniform_and_their_order_is_any()
    {
        ImageSize size = new(3, 4, 5);
        byte[] grey = [.. Enumerable.Repeat((byte)100, size.Length)];
        List<int> values = [];
        for (uint sample = 0; sample < 2000; sample++)
            values.Add(Pictures.Apply([new ColorJitter { Brightness = 0.5f }], grey, size, sample).Pixels[0]);
        Assert.InRange(values.Min(), 50, 51);
        Assert.InRange(values.Max(), 148, 150);
        Assert.InRange(values.Average(), 98, 101); // truncated
        byte[] light = Pictures.Apply([new ColorJitter { Contrast = 3 }], grey, size).Pixels;
        Assert.Equal(grey, light); // contrast is about the mean
        // More light before less contrast is cut off at white, so that black and white stay as far from grey; the other way about both
        // become lighter.
        byte[] ends = [.. Enumerable.Range(0, size.Length).Select(i => (byte)(i % 2 * 255))];
        byte[][] both = [.. Enumerable.Range(0, 200)
            .Select(i => Pictures.Apply([new ColorJitter { Brightness = 0.9f, Contrast = 0.9f }], ends, size, (uint)i).Pixels)];
        Assert.Contains(both, p => p.Max() == 255);
        int[] sums = [.. both.Where(p => p.Min() > 0).Select(p => p.Min() + p.Max())];
        Assert.InRange(sums.Count(sum => sum is > 251 and < 258), 10, 60); // an eighth of 200
        Assert.InRange(sums.Count(sum => sum >= 258), 10, 60);
        Assert.Equal(ends, Pictures.Apply([new ColorJitter()], ends, size).Pixels);
    }

    [Fact]
    public void A_whole_turn_of_the_hue_changes_nothing_and_greys_have_none()
    {
        byte[] colors = TestData.Pixels(3 * 1000), turned = [.. colors];
        PixelColors.Hue(turned, 1);
        Assert.Equal(colors, turned);
        PixelColors.Hue(turned, 1 / 3f); // red becomes green, green blue, blue red
        for (int i = 0; i < 1000; i++)
            Assert.InRange(Math.Abs(turned[1000 + i] - colors[i]) + Math.Abs(turned[2000 + i] - colors[1000 + i])
                + Math.Abs(turned[i] - colors[2000 + i]), 0, 1);
        byte[] grey = [.. Enumerable.Range(0, 3 * 256).Select(i => (byte)i)], same = [.. grey];
        PixelColors.Hue(same, 0.37f);
        Assert.Equal(grey, same);
    }

    [Fact]
    public void Steps_of_evaluation_draw_nothing()
    {
        ImageSize size = new(3, 60, 80);
        TransformList steps = [Resize.ShorterSide(40), new CenterCrop(new(32, 30))];
        Assert.Equal(Pictures.Apply(steps, Pictures.Of(size), size, 1).Pixels,
            Pictures.Apply(steps, Pictures.Of(size), size, 2, 99).Pixels);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(1000)]
    public void Numbers_drawn_at_once_are_those_drawn_one_by_one(int count)
    {
        foreach (int before in (int[])[0, 1, 4, 7])
        {
            CounterRandom one = new(77, RandomPurpose.Test, 5, 6), many = one;
            for (int i = 0; i < before; i++)
                Assert.Equal(one.NextUInt32(), many.NextUInt32());
            uint[] numbers = new uint[count];
            many.Fill(numbers);
            Assert.Equal([.. Enumerable.Range(0, count).Select(_ => one.NextUInt32())], numbers);
            Assert.Equal(one.NextUInt32(), many.NextUInt32());
        }
    }

    private static byte[] Part(byte[] pixels, ImageSize size, int top, int left, FrameSize frame) =>
    [
        .. from c in Enumerable.Range(0, size.Channels) from y in Enumerable.Range(top, frame.Height)
        from x in Enumerable.Range(left, frame.Width)
           select y >= 0 && y < size.Height && x >= 0 && x < size.Width ? pixels[(c * size.Height + y) * size.Width + x] : (byte)0,
    ];

    // Six deviations of the count that an even chance gives.
    private static void RequireUniform(int[] counts)
    {
        double mean = counts.Average();
        Assert.All(counts, count => RequireWithin(count, mean, Math.Max(mean * 2, 2)));
    }

    private static void RequireWithin(double count, double mean, double variance) =>
        Assert.InRange(count, mean - 6 * Math.Sqrt(variance), mean + 6 * Math.Sqrt(variance));
}
