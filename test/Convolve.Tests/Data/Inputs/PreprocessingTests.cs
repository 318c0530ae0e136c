using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Tests.Data.Sets;

namespace Convolve.Tests.Data.Inputs;

public sealed class PreprocessingTests
{
    private const string Good =
        """{"size":[3,32,48],"interpolation":"bilinear","mean":[0.485,0.1,1E-10],"std":[0.229,""" +
        """1,2],"colorOrder":"rgb","classNames":["a","\u00E9 \u0022"]}""";

    [Fact]
    public void Statistics_are_those_of_the_training_split_alone()
    {
        Dataset dataset = new MemoryDataset("two", new(2, 1, 2), [0, 255, 7, 7, 51, 51, 7, 7, 9, 9, 9, 9], [0, 1, 0], TestData.Digits(2));
        (double Mean, double Std)[] found = ChannelStatistics.Of(new Split("train", dataset, [0, 1]));
        double mean = (0 + 255 + 51 + 51) / 4.0;
        double variance = (mean * mean + (255 - mean) * (255 - mean) + 2 * (51 - mean) * (51 - mean)) / 4;
        Assert.Equal(mean / 255, found[0].Mean, 1e-15);
        Assert.Equal(Math.Sqrt(variance) / 255, found[0].Std, 1e-15);
        Assert.Equal(7 / 255.0, found[1].Mean, 1e-15);
        Assert.Equal(0, found[1].Std);
    }

    [Fact]
    public void Statistics_agree_with_two_passes_over_the_pixels()
    {
        Dataset dataset = TestData.Set(50, size: new(3, 7, 9));
        Preprocessing p = Preprocessing.Fit(new Split("train", dataset, [.. Enumerable.Range(5, 40)]), new(3, 8, 8),
            Normalization.TrainingSplit);
        for (int c = 0; c < 3; c++)
        {
            double[] values = [.. Enumerable.Range(5, 40).SelectMany(i => dataset.PixelsOf(i).Slice(c * 63, 63).ToArray()).Select(b =>
                b / 255.0)];
            double mean = values.Average();
            Assert.Equal((float)mean, p.Mean[c], 1e-7);
            Assert.Equal((float)Math.Sqrt(values.Average(v => (v - mean) * (v - mean))), p.Std[c], 1e-7);
        }
    }

    [Fact]
    public void Fit_fills_in_the_rest()
    {
        Split train = new("train", TestData.Set(20), [.. Enumerable.Range(0, 20)]);
        Preprocessing p = Preprocessing.Fit(train, new(3, 8, 9), Normalization.TrainingSplit);
        Assert.Equal((new ImageSize(3, 8, 9), "rgb", Interpolation.Bilinear), (p.Size, p.ColorOrder, p.Interpolation));
        Assert.Equal(TestData.Digits(), p.ClassNames);
        Assert.Equal(3, p.Mean.Count);
        Assert.Equal(p.Mean[0], p.Mean[2]);
        Assert.Equal([.5f], Preprocessing.Fit(train, new(1, 8, 8), Normalization.MinusOneToOne).Mean);
        Assert.Equal([1f], Preprocessing.Fit(train, new(1, 8, 8), Normalization.None).Std);
        Assert.Equal("resize:2x2, 1x8x8, bilinear, mean 0.0000, std 1.0000, grey, 10 classes",
            Preprocessing.Fit(train, new(1, 8, 8), Normalization.None).ToString());
        Assert.Equal("1x2x2, bilinear, mean 0.0000, std 1.0000, grey, 10 classes",
            Preprocessing.Fit(train, new(1, 2, 2), Normalization.None).ToString());

        Dataset flat = new MemoryDataset("flat", new(1, 1, 2), [7, 7, 7, 7], [0, 1], TestData.Digits(2));
        Assert.Equal([1f], Preprocessing.Fit(new Split("train", flat, [0, 1]), new(1, 1, 2), Normalization.TrainingSplit).Std);
        Assert.Throws<DatasetException>(() => Preprocessing.Fit(new Split("train", flat, []), new(1, 1, 2), Normalization.TrainingSplit));
        Split rgb = new("train", TestData.Set(4, size: new(3, 2, 2)), [0, 1]);
        Assert.Throws<DatasetException>(() => Preprocessing.Fit(rgb, new(1, 2, 2), Normalization.None));
    }

    [Fact]
    public void Json_round_trip_keeps_every_bit()
    {
        Preprocessing p = TestData.Plain(new(3, 224, 200), [.1f, 1f / 3, -1e-30f], [float.Epsilon, .3530246f, 3e38f]) with
        {
            ClassNames = ["T-shirt/top", "日本語", "a\"b\\c\n", "😀"],
        };
        Assert.Throws<DatasetException>(() => p.ToJson()); // Epsilon takes 1 / std out of range.
        p = p with { Std = [1e-30f, .3530246f, 3e38f] };
        Preprocessing back = Preprocessing.FromJson(p.ToJson());
        Assert.Equal(p, back);
        Assert.Equal(p.GetHashCode(), back.GetHashCode());
        Assert.Equal(p.ToJson(), back.ToJson());
        Assert.Equal(["a", "é \""], Preprocessing.FromJson(Good).ClassNames);
    }

    [Fact]
    public void Equality_is_that_of_all_values()
    {
        Preprocessing p = Preprocessing.FromJson(Good);
        Assert.Equal(p, Preprocessing.FromJson(Good));
        Assert.NotEqual(p, p with { Size = new(3, 32, 49) });
        Assert.NotEqual(p, p with { Mean = [.485f, .1f, 0] });
        Assert.NotEqual(p, p with { Std = [.229f, 1, 3] });
        Assert.NotEqual(p, p with { ClassNames = ["a", "b"] });
    }

    [Theory]
    [InlineData("", "", "this is not valid JSON")]
    [InlineData("null", "", "expected a JSON object, got null")]
    [InlineData("[]", "", "expected a JSON object, got an array")]
    [InlineData("{}", "", "\"size\" is missing")]
    [InlineData("{", "", "this is not valid JSON")]
    [InlineData("[3,32,48]", "[3,32]", "\"size\" must be channels, height, width, but has 2 numbers")]
    [InlineData("[3,32,48]", "[3,32,4.5]", "\"size\": expected an integer, got the number 4.5")]
    [InlineData("[3,32,48]", "[3,32,99999999999999999999999999999999]", "\"size\": expected an integer, got the number " +
        "999999999999999999999999999...")]
    [InlineData("[3,32,48]", "[3,32,\"48\"]", "\"size\": expected an integer, got text")]
    [InlineData("[3,32,48]", "3", "\"size\" must be an array, but is the number 3")]
    [InlineData("[3,32,48]", "[2,32,48]", "an input of 2x32x48 is invalid")]
    [InlineData("[3,32,48]", "[3,0,48]", "an input of 3x0x48 is invalid")]
    [InlineData("[3,32,48]", "[3,-1,48]", "is invalid")]
    [InlineData("[3,32,48]", "[3,2147483647,2147483647]", "is invalid")]
    [InlineData("[3,32,48]", "[1,32,48]", "got 3 means and 3 standard deviations for 1 channels")]
    [InlineData("\"bilinear\"", "\"lanczos\"", "the interpolation \"lanczos\" is unknown")]
    [InlineData("\"bilinear\"", "0", "\"interpolation\": expected text, got the number 0")]
    [InlineData("0.485", "NaN", "this is not valid JSON")]
    [InlineData("0.485", "\"NaN\"", "\"mean\": expected a number, got text")]
    [InlineData("0.485", "1e999", "a mean of Infinity is invalid. Each must be finite")]
    [InlineData("0.485", "null", "\"mean\": expected a number, got null")]
    [InlineData("0.485,", "", "got 2 means and 3 standard deviations for 3 channels")]
    [InlineData("0.229", "0", "a std of 0 is invalid. Each must be above 0 and finite")]
    [InlineData("0.229", "-1", "a std of -1 is invalid")]
    [InlineData("0.229", "1e-60", "a std of 0 is invalid")]
    [InlineData("0.229", "1e-44", "map pixels outside the range of float")]
    [InlineData("\"rgb\"", "\"bgr\"", "the color order \"bgr\" is unknown")]
    [InlineData("\"rgb\"", "\"grey\"", "the color order \"grey\" does not fit 3 channels")]
    [InlineData("\"a\"", "\" \"", "the name of class 0 is blank")]
    [InlineData("\"a\",", "\"a\",\"a\",", "classes 0 and 1 are both named \"a\"")]
    [InlineData("\"a\"", "[]", "\"classNames\": expected text, got an array")]
    [InlineData("\"a\"", "\"\\uD800\"", "text that is not Unicode")]
    [InlineData("\"mean\"", "\"mu\"", "the name \"mu\" is unknown")]
    [InlineData("\"mean\"", "\"std\"", "this is not valid JSON")]
    [InlineData("\"mean\":", "\"crop\":8,\"mean\":", "the name \"crop\" is unknown")]
    [InlineData("\"mean\":", "\"steps\":[\"flip\"],\"mean\":", "the step horizontal-flip is random")]
    [InlineData("\"mean\":", "\"steps\":[\"resize:0\"],\"mean\":", "\"steps\": resize: a size of 0x0 is invalid")]
    [InlineData("\"mean\":", "\"steps\":[3],\"mean\":", "\"steps\": expected text, got the number 3")]
    [InlineData("\"mean\":", "\"steps\":null,\"mean\":", "\"steps\" must be an array, but is null")]
    [InlineData("0.485", "[[[[[[[[[[[[0]]]]]]]]]]]]", "this is not valid JSON")]
    public void Hostile_json_is_refused(string part, string replacement, string problem)
    {
        string json = Good.Contains(part, StringComparison.Ordinal) && part.Length > 1
            ? Good.Replace(part, replacement, StringComparison.Ordinal) : part;
        DatasetException e = Assert.Throws<DatasetException>(() => Preprocessing.FromJson(json));
        Assert.StartsWith("Preprocessing: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_cut_off_anywhere_is_refused()
    {
        for (int n = 0; n < Good.Length; n++)
            Assert.Throws<DatasetException>(() => Preprocessing.FromJson(Good[..n]));
        string names = string.Join(",", Enumerable.Range(0, 65_537).Select(i => $"\"{i}\""));
        Assert.Throws<DatasetException>(() => Preprocessing.FromJson(Good.Replace("\"a\"", names, StringComparison.Ordinal)));
    }
}
