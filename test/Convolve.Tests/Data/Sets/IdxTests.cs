using System.Text;
using System.Text.RegularExpressions;
using Convolve.Data;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Sets;

public sealed class IdxTests
{
    private static readonly byte[] GoodImages = TestData.Images(3), GoodLabels = TestData.Labels(3);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Good_files_are_read_plain_and_packed_whatever_their_name(bool packed)
    {
        using TemporaryFolder folder = new();
        string images = folder.Write("images", packed ? TestData.Gzip(GoodImages) : GoodImages);
        string labels = folder.Write("labels.gz", packed ? TestData.Gzip(GoodLabels) : GoodLabels);
        IdxImages read = Idx.ReadImages(images);
        Assert.Equal((3, 4, 5), (read.Count, read.Height, read.Width));
        Assert.Equal(TestData.Pixels(60), read.Pixels);
        Assert.Equal([0, 1, 2], Idx.ReadLabels(labels));

        Dataset dataset = Idx.ReadDataset("few", images, labels, TestData.Digits());
        Assert.Equal("few: 3 images of 1x4x5 in 10 classes", dataset.ToString());
        Assert.Equal(2, dataset.LabelOf(2));
        Assert.Equal(TestData.Pixels(60)[40..60], dataset.PixelsOf(2).ToArray());
    }

    [Fact]
    public void Archives_of_several_members_are_read_when_the_last_says_the_whole_length_and_refused_otherwise()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("images.gz", [.. TestData.Gzip(GoodImages[..40]), .. TestData.Gzip(GoodImages[40..])]);
        DatasetException e = Assert.Throws<DatasetException>(() => Idx.ReadImages(path));
        Assert.StartsWith($"{path} does not end where its gzip data ends.", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Name of the case, which file is bad, its bytes, what the message says after the file's path.</summary>
    private static readonly Dictionary<string, (bool IsImages, byte[] Bytes, string Pattern)> Bad =
        Cases().ToDictionary(c => c.Name, c => (c.IsImages, c.Bytes, c.Pattern));

    public static TheoryData<string> BadNames => [.. Bad.Keys];

    [Theory]
    [MemberData(nameof(BadNames))]
    public void Bad_files_are_refused_with_a_message_that_names_file_and_problem(string name)
    {
        (bool isImages, byte[] bytes, string pattern) = Bad[name];
        using TemporaryFolder folder = new();
        string images = folder.Write("some-images", isImages ? bytes : GoodImages), labels =
            folder.Write("some-labels", isImages ? GoodLabels : bytes);
        DatasetException e = Assert.Throws<DatasetException>(() => Idx.ReadDataset("bad", images, labels, TestData.Digits()));
        Assert.Matches($"^{Regex.Escape(isImages ? images : labels)}{pattern}", e.Message);
        Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_at_least_200_bad_files() => Assert.True(Bad.Count >= 200, $"{Bad.Count}");

    private static IEnumerable<(string Name, bool IsImages, byte[] Bytes, string Pattern)> Cases()
    {
        const string again = @" Get the file again\.$";
        for (int n = 0; n < GoodImages.Length; n++)
        {
            yield return ($"images of {n} bytes", true, GoodImages[..n], n switch
            {
                0 => @" is empty \(0 bytes\)\." + again,
                < 4 => $@" ends after {n} bytes; expected a file of images \(magic 0x00000803\)\. It is cut off\." + again,
                < 16 => $@" ends after {n} bytes, within its header of 16\. It is cut off\." + again,
                _ => $@" has {n} bytes, but its header announces 3 images of 4x5 in 76\. It is cut off, or its header is damaged\." + again,
            });
        }

        for (int n = 0; n < GoodLabels.Length; n++)
        {
            yield return ($"labels of {n} bytes", false, GoodLabels[..n], n switch
            {
                0 => @" is empty",
                < 4 => $@" ends after {n} bytes; expected a file of labels \(magic 0x00000801\)\.",
                < 8 => $@" ends after {n} bytes, within its header of 8\.",
                _ => $@" has {n} bytes, but its header announces 3 labels in 11\.",
            });
        }

        byte[] packed = TestData.Gzip(GoodImages);
        for (int n = 1; n < packed.Length; n++)
            yield return ($"packed images of {n} bytes", true, packed[..n],
                @" (ends after|unpacks to|does not end where|announces|is damaged).*" + again);
        for (int i = 1; i <= 8; i++)
        {
            byte[] flipped = [.. packed];
            flipped[^i] ^= 0x10;
            yield return ($"packed images with byte {i} from the end flipped", true, flipped,
                @" is damaged: its gzip data cannot be unpacked\." + again);
        }

        foreach (int junk in (int[])[1, 2, 3, 4, 8, 100])
        {
            yield return ($"images and {junk} bytes", true, [.. GoodImages, .. new byte[junk]],
                $@" has {76 + junk} bytes, but its header announces 3 images of 4x5 in 76\. It has extra bytes at its end\." + again);
            yield return ($"labels and {junk} bytes", false, [.. GoodLabels, .. new byte[junk]],
                $@" has {11 + junk} bytes, but .* 3 labels in 11\.");
            yield return ($"packed images and {junk} bytes in the archive", true, TestData.Gzip([.. GoodImages, .. new byte[junk]]),
                @" continues after the 3 images of 4x5 that its header announces\. It has extra bytes at its end\."
                + again);
            yield return ($"packed images and {junk} bytes behind the archive", true, [.. packed, .. new byte[junk]],
                @" does not end where its gzip data ends\. It is cut off within its last 8 bytes, or has extra bytes at its end");
        }

        foreach ((uint magic, string came) in ((uint, string)[])
            [
                (0x00000000, @"no IDX data \(it starts with 0x00000000\)"), (0x00000703, "no IDX data"), (0x00000A03, "no IDX data"),
                    (0x01000803, "no IDX data"),
                (0x03080000, "no IDX data"), (0x00080300, "no IDX data"), (0xFFFFFFFF, "no IDX data"), (0x89504E47, "no IDX data"),
                    (0x504B0304, "no IDX data"),
                (0x00000800, @"IDX data of unsigned bytes in 0 dimensions \(magic 0x00000800\)"),
                    (0x00000802, "IDX data of unsigned bytes in 2 dimensions"),
                (0x00000804, "IDX data of unsigned bytes in 4 dimensions"), (0x000008FF, "IDX data of unsigned bytes in 255 dimensions"),
                (0x00000903, "IDX data of signed bytes in 3 dimensions"), (0x00000B01, "IDX data of 16-bit integers in 1 dimension "),
                (0x00000C03, "IDX data of 32-bit integers"), (0x00000D03, "IDX data of 32-bit floats"),
                    (0x00000E03, "IDX data of 64-bit floats"),
            ])
        {
            yield return ($"images with magic {magic:X8}", true, TestData.Idx(magic, [3, 4, 5], new byte[60]),
                $@" has {came}.*, expected images \(magic 0x00000803\)\. It is another file or damaged\." + again);
            yield return ($"labels with magic {magic:X8}", false, TestData.Idx(magic, [3], new byte[3]),
                $@" has {came}.*, expected labels \(magic 0x00000801\)");
        }

        foreach (uint[] sizes in (uint[][])
            [
                [60000, 28, 28], [uint.MaxValue, 28, 28], [uint.MaxValue, uint.MaxValue, uint.MaxValue], [0x80000000, 1, 1],
                    [1, 0x80000000, 2],
                [0x10000, 0x10000, 1], [0x10000, 0x10000, 0x10000], [4, 0x40000000, 0x40000004], [3, 4, 6], [3, 4, 4], [2, 4, 5],
                    [1, 1, 1], [60, 1, 2],
            ])
        {
            string shape = $"{sizes[0]} images of {sizes[1]}x{sizes[2]}";
            yield return ($"{shape} in 60 bytes", true, TestData.Idx(0x803, sizes, new byte[60]),
                $@" has 76 bytes, but its header announces {shape} in \d+\.");
            yield return ($"{shape} in 60 packed bytes", true, TestData.Gzip(TestData.Idx(0x803, sizes, new byte[60])),
                $" (announces {shape} in \\d+ bytes, which \\d+ bytes of gzip cannot hold|unpacks to|continues after the {shape})");
        }

        foreach (uint[] sizes in (uint[][])[[0, 4, 5], [3, 0, 5], [3, 4, 0], [0, 0, 0], [0, uint.MaxValue, uint.MaxValue]])
        {
            yield return ($"nothing in {string.Join("x", sizes)}", true, TestData.Idx(0x803, sizes, []),
                $@" announces {sizes[0]} images of {sizes[1]}x{sizes[2]}, which is empty\. Every size must be at least 1\." + again);
        }

        yield return ("no labels", false, TestData.Idx(0x801, [0], []), @" announces 0 labels, which is empty\.");
        foreach (uint count in (uint[])[2, 4, 0x7FFFFFFF, 0x80000000, uint.MaxValue])
            yield return ($"{count} labels in 3 bytes", false, TestData.Idx(0x801, [count], new byte[3]),
                $@" has 11 bytes, but its header announces {count} labels in \d+\.");
        foreach (byte label in (byte[])[10, 11, 100, 254, 255])
        {
            yield return ($"label {label}", false, TestData.Idx(0x801, [3], [9, 0, label]),
                $@": label {label} of image 2 is outside 0 to 9\. The set has 10 classes: use its own label file\.$");
        }

        yield return ("labels as images", true, GoodLabels,
            @" has labels \(magic 0x00000801\), expected images \(magic 0x00000803\)\. The image file and the label file may " +
            @"be swapped\. Swap them back\.$");
        yield return ("images as labels", false, GoodImages, @" has images \(magic 0x00000803\), expected labels .* Swap them back\.$");
        yield return ("packed labels as images", true, TestData.Gzip(GoodLabels), @" has labels .* Swap them back\.$");
        yield return ("packed images as labels", false, packed, @" has images .* Swap them back\.$");
        yield return ("a web page", true, Encoding.UTF8.GetBytes("<!DOCTYPE html><html><body>404"),
            @" is a web page, not a file of images \(magic 0x00000803\)\. A server or proxy sent a page instead\." + again);
        yield return ("text", false, Encoding.UTF8.GetBytes("label\n1\n2\n3\n"), @" has no IDX data \(it starts with 0x6C616265\)");
        yield return ("packed twice", true, TestData.Gzip(packed), @" has no IDX data \(it starts with 0x1F8B0800\)");
    }

    [Fact]
    public void Counts_that_differ_name_both_files()
    {
        using TemporaryFolder folder = new();
        string images = folder.Write("a", GoodImages), labels = folder.Write("b", TestData.Labels(4));
        DatasetException e = Assert.Throws<DatasetException>(() => Idx.ReadDataset("bad", images, labels, TestData.Digits()));
        Assert.Equal(
            $"{images} holds 3 images, but {labels} holds 4 labels. Use two files of the same set: train with train, t10k with t10k.",
            e.Message);
    }

    [Fact]
    public void What_is_no_readable_file_is_refused()
    {
        using TemporaryFolder folder = new();
        string missing = Path.Combine(folder.FullName, "no", "file");
        Assert.Equal($"{missing} does not exist. Check the path, or download the file.",
            Assert.Throws<DatasetException>(() => Idx.ReadImages(missing)).Message);
        Assert.Equal(
            $"{folder.FullName} is a folder; expected a file. Pass the path of the file in it.",
            Assert.Throws<DatasetException>(() => Idx.ReadLabels(folder.FullName)).Message);
        Assert.StartsWith("a\0b cannot be read: ", Assert.Throws<DatasetException>(() => Idx.ReadLabels("a\0b")).Message,
            StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
            Assert.Throws<DatasetException>(() => Idx.ReadLabels("/dev/zero"));
        using (var pipe = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(folder.FullName, "pipe")]))
            pipe.WaitForExit();
        Assert.Throws<DatasetException>(() => Idx.ReadLabels(Path.Combine(folder.FullName, "pipe"))); // nobody will ever write into it
        File.CreateSymbolicLink(Path.Combine(folder.FullName, "link"), Path.Combine(folder.FullName, "pipe"));
        Assert.Throws<DatasetException>(() => Idx.ReadLabels(Path.Combine(folder.FullName, "link")));
        string under = Path.Combine(folder.Write("file", [1]), "x");
        Assert.Throws<DatasetException>(() => Idx.ReadLabels(under));
    }
}
