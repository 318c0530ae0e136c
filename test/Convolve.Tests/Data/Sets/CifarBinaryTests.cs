using System.Text;
using System.Text.RegularExpressions;
using Convolve.Data;
using Convolve.Kernels;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Sets;

/// <summary>Files of records in CIFAR's layout: read to the byte, or refused with a message that names file and mend.</summary>
public sealed class CifarBinaryTests : IDisposable
{
    private const int Pixels = 3072;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Files_are_joined_in_their_order_plain_or_packed(bool packed)
    {
        string first = _folder.Write("one.bin", packed ? TestData.Gzip(Single(1, 9, 0)) : Single(1, 9, 0));
        string second = _folder.Write("two", Single(7));
        Dataset set = CifarBinary.Read("few", [first, second], TestData.Digits());
        Assert.Equal("few: 4 images of 3x32x32 in 10 classes", set.ToString());
        Assert.Equal([1, 9, 0, 7], set.Labels);
        Assert.Equal(TestData.Pixels(Pixels, salt: 2), set.PixelsOf(2).ToArray());
        Assert.Equal(TestData.Pixels(Pixels), set.PixelsOf(3).ToArray());
    }

    [Fact]
    public void Of_two_labels_the_one_that_is_asked_for_counts()
    {
        string path = _folder.Write("train.bin", Double((19, 0), (0, 99), (4, 50)));
        Assert.Equal([0, 99, 50], CifarBinary.Read("fine", [path], TestData.Digits(100), CifarLabel.Fine).Labels);
        Dataset coarse = CifarBinary.Read("coarse", [path], TestData.Digits(20), CifarLabel.Coarse);
        Assert.Equal([19, 0, 4], coarse.Labels);
        Assert.Equal(TestData.Pixels(Pixels, salt: 1), coarse.PixelsOf(1).ToArray());
    }

    private static readonly Dictionary<string, (CifarLabel Label, byte[] Bytes, string Pattern)> Bad =
        Cases().ToDictionary(c => c.Name, c => (c.Label, c.Bytes, c.Pattern));

    public static TheoryData<string> BadNames => [.. Bad.Keys];

    [Theory]
    [MemberData(nameof(BadNames))]
    public void Bad_files_are_refused_with_a_message_that_names_file_and_mend(string name)
    {
        (CifarLabel label, byte[] bytes, string pattern) = Bad[name];
        string good = _folder.Write("good.bin", label == CifarLabel.Single ? Single(3) : Double((3, 3)));
        string bad = _folder.Write("bad.bin", bytes);
        int classes = label switch { CifarLabel.Single => 10, CifarLabel.Fine => 100, _ => 20 };
        DatasetException e = Assert.Throws<DatasetException>(() => CifarBinary.Read("set", [good, bad], TestData.Digits(classes), label));
        Assert.Matches($"^{Regex.Escape(bad)} {pattern}$", e.Message);
    }

    private static IEnumerable<(string Name, CifarLabel Label, byte[] Bytes, string Pattern)> Cases()
    {
        const string Again = @" Get the file again\.";
        byte[] good = Single(1, 2, 3), packed = TestData.Gzip(good);
        foreach (int length in (int[])[1, 3072, 3074, 3073 * 3 - 1, 3073 * 2 + 1])
            yield return ($"cut to {length}", CifarLabel.Single, good[..length],
                $@"has {length} bytes, which is not a multiple of the record length 3073\. It is cut off, or another file\.{Again}");
        foreach (int junk in (int[])[1, 2, 3072])
            yield return ($"{junk} more", CifarLabel.Single, [.. good, .. new byte[junk]],
                $@"has {3 * 3073 + junk} bytes, which is not a multiple .*{Again}");
        yield return ("of the other set", CifarLabel.Fine, good,
            $@"has 9219 bytes, which is not a multiple of the record length 3074\. .*{Again}");
        yield return ("empty", CifarLabel.Single, [], $@"is empty \(0 bytes\)\.{Again}");
        yield return ("nothing packed", CifarLabel.Single, TestData.EmptyGzip, $@"has 0 bytes, which is not a multiple .*{Again}");
        foreach (byte label in (byte[])[10, 11, 128, 255])
        {
            yield return ($"label {label}", CifarLabel.Single, Single(1, 2, label),
                $@"has the label {label} at image 2, outside 0 to 9\. It is damaged or has another layout\.{Again}");
            yield return ($"packed label {label}", CifarLabel.Single, TestData.Gzip(Single(label)),
                $@"has the label {label} at image 0, outside 0 to 9\. .*{Again}");
        }
        // Both labels must be in range, whichever counts.
        foreach (CifarLabel which in (CifarLabel[])[CifarLabel.Fine, CifarLabel.Coarse])
        {
            yield return ($"fine label 100, {which}", which, Double((0, 99), (0, 100)),
                $@"has the fine label 100 at image 1, outside 0 to 99\. .*{Again}");
            yield return ($"coarse label 20, {which}", which, Double((20, 0)),
                $@"has the coarse label 20 at image 0, outside 0 to 19\. .*{Again}");
        }
        yield return ("a web page", CifarLabel.Single, Encoding.ASCII.GetBytes("<!DOCTYPE html><html>404"),
            $@"is a web page, not images\. A server or proxy sent a page instead\.{Again}");
        yield return ("a pickle", CifarLabel.Single, [0x80, 2, .. "}q\0(U\x0b"u8, .. new byte[50]],
            @"is from the Python version of the data set\. Only the binary version can be read\. Get the archive with ""binary"" in its " +
                @"name\.");
        yield return ("packed and cut", CifarLabel.Single, packed[..(packed.Length / 2)],
            $@"(is damaged: its gzip data cannot be unpacked|has \d+ bytes, which is not a multiple of the record length 3073)\..*{Again}");
        foreach (int missing in (int[])[1, 4, 8])
            yield return ($"packed and cut by {missing}", CifarLabel.Single, packed[..^missing],
                $@"(does not end where its gzip data ends|is damaged)[.:].*{Again}");
        yield return ("packed with bytes behind", CifarLabel.Single, [.. packed, 1, 2, 3],
            $@"(does not end where its gzip data ends|is damaged)[.:].*{Again}");
        yield return ("packed and damaged", CifarLabel.Single, [.. packed[..40], (byte)~packed[40], .. packed[41..]],
            $@"(is damaged|does not end|has the label|has \d+ bytes, which).*{Again}");
        yield return ("packed twice", CifarLabel.Single, TestData.Gzip(packed), $@"has \d+ bytes, which is not a multiple .*{Again}");
    }

    [Fact]
    public void What_is_no_readable_file_is_refused()
    {
        Refused("no files given. Name at least one, such as data_batch_1.bin.", []);
        Refused("does not exist. Check the path, or download the file.", [Path.Combine(_folder.FullName, "none")]);
        Refused("is a folder; expected a file. Pass the path of the file in it.", [_folder.FullName]);
        string good = _folder.Write("good.bin", Single(1));
        Assert.Equal("set: expected 10 class names, because labels of this kind are 0 to 9, got 9.",
            Assert.Throws<DatasetException>(() => CifarBinary.Read("set", [good], TestData.Digits(9))).Message);
        Assert.Throws<DatasetException>(() => CifarBinary.Read("set", [good], [.. TestData.Digits(9), "class 0"]));
        Assert.Throws<ArgumentOutOfRangeException>(() => CifarBinary.Read("set", [good], TestData.Digits(), (CifarLabel)7));

        void Refused(string words, string[] paths) =>
            Assert.EndsWith(words, Assert.Throws<DatasetException>(() => CifarBinary.Read("set", paths, TestData.Digits())).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_memory_holds_is_refused_before_there_is_memory_for_it()
    {
        string path = Path.Combine(_folder.FullName, "large.bin");
        using (FileStream file = File.Create(path))
            file.SetLength(3073L * 700_000); // no disk is taken
        long before = GC.GetTotalAllocatedBytes();
        DatasetException e = Assert.Throws<DatasetException>(() => CifarBinary.Read("set", [path], TestData.Digits()));
        Assert.Equal("set: 700000 images of 3x32x32 do not fit into one array. Read fewer files.", e.Message);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1 << 20);
    }

    [Fact]
    public void Whatever_the_bytes_are_there_is_a_set_or_the_one_exception()
    {
        byte[][] starts = [Single(1, 2), TestData.Gzip(Single(4, 5)), Double((1, 2))];
        CounterRandom random = new(7, RandomPurpose.Test);
        (int sets, int errors) = (0, 0);
        for (int round = 0; round < 600; round++)
        {
            byte[] bytes = [.. starts[round % 3]];
            for (int i = random.NextInt32(4); i >= 0; i--)
                bytes[random.NextInt32(round % 2 == 0 ? bytes.Length : Math.Min(40, bytes.Length))] = (byte)random.NextUInt32();
            if (random.NextInt32(4) == 0)
                bytes = bytes[..random.NextInt32(bytes.Length)];
            string path = _folder.Write("bytes", bytes);
            try
            {
                CifarLabel label = round % 3 == 2 ? CifarLabel.Coarse : CifarLabel.Single;
                Dataset set = CifarBinary.Read("set", [path], TestData.Digits(CifarRecords.Of(label).Classes), label);
                Assert.Equal(set.Count * Pixels, Enumerable.Range(0, set.Count).Sum(i => set.PixelsOf(i).Length));
                sets++;
            }
            catch (DatasetException e)
            {
                Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
                errors++;
            }
        }
        Assert.True(sets > 100 && errors > 100, $"{sets} sets, {errors} errors");
    }

    /// <summary>CIFAR-10's records, the pixels of each by its number.</summary>
    private static byte[] Single(params byte[] labels) =>
        [.. labels.SelectMany((label, i) => (byte[])[label, .. TestData.Pixels(Pixels, i)])];

    /// <summary>CIFAR-100's.</summary>
    private static byte[] Double(params (byte Coarse, byte Fine)[] labels) =>
        [.. labels.SelectMany((label, i) => (byte[])[label.Coarse, label.Fine, .. TestData.Pixels(Pixels, i)])];
}
