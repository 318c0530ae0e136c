using System.Formats.Tar;
using System.Text;
using System.Text.RegularExpressions;
using Convolve.Data;
using Convolve.Data.Fetching;
using Convolve.Kernels;
using Convolve.Tests.Data.Sets;
using Convolve.Tests.Formats;

using static Convolve.Tests.Data.Fetching.TarFiles;

namespace Convolve.Tests.Data.Fetching;

/// <summary>The files of a set are taken out of an archive; one that could do harm is refused whole.</summary>
public sealed class TarExtractionTests : IDisposable
{
    private static readonly byte[] A = TestData.Pixels(5), B = TestData.Pixels(3000, 1), Names = "x\ny\n"u8.ToArray();

    private static readonly DatasetFile[] Files =
    [
        new("a.bin", A.Length, DatasetRole.Train, TestData.Sha256(A)), new("b.bin", B.Length, DatasetRole.Test, TestData.Sha256(B)),
        new("names.txt", 100, DatasetRole.Names, null) { Names = ["x", "y"] },
    ];

    private readonly TemporaryFolder _folder = new();

    private string Target => Path.Combine(_folder.FullName, "target");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("set/")]
    [InlineData("./set/")]
    [InlineData("")]
    [InlineData("./")]
    [InlineData(@"set\")]
    public void The_files_of_the_set_are_taken_and_nothing_else(string place)
    {
        Extract(Of(Folder("set/"), File(place + "readme.html", "<html>"u8.ToArray()), File(place + "b.bin", B), File("other/a.bin", B),
            File("set/deep/a.bin", B), File(place + "a.bin", A), File(place + "names.txt", Names)));
        Assert.Equal(["a.bin", "b.bin", "names.txt"], Taken());
        Assert.Equal(A, System.IO.File.ReadAllBytes(Path.Combine(Target, "a.bin")));
        Assert.Equal(B, System.IO.File.ReadAllBytes(Path.Combine(Target, "b.bin")));
        Assert.Equal(Names, System.IO.File.ReadAllBytes(Path.Combine(Target, "names.txt")));
    }

    [Fact]
    public void Every_kind_of_tar_is_read()
    {
        string longName = $"set/{new string('n', 150)}/{new string('m', 90)}.txt";
        foreach (Func<string, TarEntry> create in (Func<string, TarEntry>[])
            [
                name => new PaxTarEntry(TarEntryType.RegularFile, name), name => new GnuTarEntry(TarEntryType.RegularFile, name),
                name => new UstarTarEntry(TarEntryType.RegularFile, name), name => new V7TarEntry(TarEntryType.V7RegularFile, name),
            ])
        {
            TarEntry With(string name, byte[] content)
            {
                TarEntry entry = create(name);
                entry.DataStream = new MemoryStream(content);
                return entry;
            }

            TarEntry[] first = create("x") is V7TarEntry or UstarTarEntry ? [] : [With(longName, [1])];
            Extract(Of([.. first, With("set/a.bin", A), With("set/b.bin", B)]));
            Assert.Equal(["a.bin", "b.bin"], Taken()); // the list of names need not be there
        }
    }

    private static readonly string[] Outside =
    [
        "../a.bin", "set/../../a.bin", "set/..", "/etc/a.bin", "//a.bin", @"..\a.bin", @"set\..\..\a.bin", @"\a.bin", @"C:\a.bin",
        "c:a.bin",
        "set/a.bin:stream", @"\\host\share\a.bin",
    ];

    private static readonly Dictionary<string, (byte[] Packed, string Pattern)> Bad =
        Cases().ToDictionary(c => c.Name, c => (c.Packed, c.Pattern));

    public static TheoryData<string> BadNames => [.. Bad.Keys];

    [Theory]
    [MemberData(nameof(BadNames))]
    public void A_bad_archive_is_refused(string name)
    {
        (byte[] packed, string pattern) = Bad[name];
        string archive = _folder.Write("set.tar.gz", packed);
        long before = GC.GetTotalAllocatedBytes();
        DatasetException e = Assert.Throws<DatasetException>(() => Unpack(archive));
        Assert.Matches($@"^{Regex.Escape(archive)} {pattern}\. Nothing from it was kept\. Delete it and download the data set " +
            @"again\.$", e.Message);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 20 << 20);
        Assert.Equal(["set.tar.gz", "target"], Directory.GetFileSystemEntries(_folder.FullName).Select(Path.GetFileName).Order());
        Assert.Empty(Taken().Except(Files.Select(f => f.Name)));
        Assert.All(Directory.GetFileSystemEntries(Target), entry => Assert.Null(new FileInfo(entry).LinkTarget));
    }

    private static IEnumerable<(string Name, byte[] Packed, string Pattern)> Cases()
    {
        TarEntry[] good = [File("set/a.bin", A), File("set/b.bin", B)];
        byte[] With(TarEntry extra, bool isFirst) => TestData.Gzip(isFirst ? Of([extra, .. Fresh(good)]) : Of([.. Fresh(good), extra]));
        foreach (bool isFirst in (bool[])[true, false])
        {
            foreach (string name in Outside)
            {
                yield return ($"{name}, {isFirst}", With(File(name, A), isFirst),
                    @"has the entry "".+"", which is outside the archive's folder");
            }
            yield return ($"a folder outside, {isFirst}", With(Folder("../x/"), isFirst),
                @"has the entry ""../x/"", which is outside the archive's folder");
            foreach (string target in (string[])["/etc/passwd", "../../target", "a.bin"])
            {
                yield return ($"a link to {target}, {isFirst}", With(Link(TarEntryType.SymbolicLink, "set/link", target), isFirst),
                    @"has the entry ""set/link"", which is a SymbolicLink, not a file");
                yield return ($"a hard link to {target}, {isFirst}", With(Link(TarEntryType.HardLink, "set/names.txt", target), isFirst),
                    @"has the entry ""set/names.txt"", which is a HardLink, not a file");
            }
            foreach (TarEntryType type in (TarEntryType[])[TarEntryType.BlockDevice, TarEntryType.CharacterDevice, TarEntryType.Fifo])
                yield return ($"a {type}, {isFirst}", With(new PaxTarEntry(type, "set/names.txt"), isFirst),
                    $@"has the entry ""set/names.txt"", which is a {type}, not a file");
        }
        yield return ("a file twice", TestData.Gzip(Of([.. Fresh(good), File("a.bin", A)])), "has a.bin twice");
        yield return ("a name that moves the cursor", TestData.Gzip(Of(File("../\e[2J\r" + new string('n', 90), A))),
            @"has the entry ""\.\./\?\[2J\?n+\.\.\."", which is outside .*");
        yield return ("another size", TestData.Gzip(Of(File("set/a.bin", [.. A, 0]))), "has a.bin with 6 bytes, expected 5");
        yield return ("nothing in it", TestData.Gzip(Of(File("set/a.bin", []))), "has a.bin with 0 bytes, expected 5");
        yield return ("a long list of names", TestData.Gzip(Of([.. Fresh(good), File("set/names.txt", new byte[101])])),
            "has names.txt with 101 bytes, expected at most 100");
        yield return ("other content", TestData.Gzip(Of(File("set/a.bin", TestData.Pixels(5, 8)))),
            "has another a.bin: its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}");
        yield return ("a file missing", TestData.Gzip(Of(File("set/a.bin", A))), "doesn't have b.bin");
        yield return ("files in another folder", TestData.Gzip(Of(File("cifar/a.bin", A), File("cifar/b.bin", B))), "doesn't have a.bin");
        yield return ("a file too deep", TestData.Gzip(Of(File("x/set/a.bin", A), File("x/set/b.bin", B))), "doesn't have a.bin");
        yield return ("many entries", TestData.Gzip(Of([.. Enumerable.Range(0, 1001).Select(i => File($"set/{i}", [])), .. Fresh(good)])),
            "has more than 1000 entries");
        yield return ("a bomb", TestData.Gzip(Of([File("set/zeros", new byte[18 << 20]), .. Fresh(good)])),
            @"is damaged: it unpacks to more than \d+ bytes");
        yield return ("a size of 8 GB", TestData.Gzip(Forged(Of(File("set/a.bin", A)), "77777777777")),
            "has a.bin with 8589934591 bytes, expected 5");
        yield return ("a size of 8 GB of another", TestData.Gzip(Forged(Of(File("set/other", A)), "77777777777")),
            "(is damaged: .*|doesn't have a.bin)");
        foreach (char type in "xgLK")
            yield return ($"2 GB of a name, {type}", TestData.Gzip(Forged(Of(File("set/other", A)), "17777777777", type)),
                "(is damaged: .*|doesn't have a.bin)");
        yield return ("no sum", TestData.Gzip([.. "set/a.bin"u8, .. new byte[600]]), "(is damaged: .*|doesn't have a.bin)");
        yield return ("no tar", TestData.Gzip(TestData.Pixels(5000)), "(is damaged: .*|doesn't have a.bin)");
        yield return ("nothing packed", TestData.EmptyGzip, "(is damaged: .*|doesn't have a.bin)");
        yield return ("no gzip", Of(Fresh(good)), "is damaged: .*");
        yield return ("a web page", Encoding.ASCII.GetBytes("<html><body>Log in</body></html>"), "is damaged: .*");
        yield return ("empty", [], "(is damaged: .*|doesn't have a.bin)");
    }

    [Fact]
    public void Of_a_cut_archive_no_part_of_a_file_is_left()
    {
        byte[] packed = TestData.Gzip(Of(File("set/a.bin", A), File("set/b.bin", B), File("set/names.txt", Names)));
        int refused = 0;
        for (int length = 0; length < packed.Length; length += 29)
        {
            string archive = _folder.Write("set.tar.gz", packed[..length]);
            try
            {
                Unpack(archive);
            }
            catch (DatasetException)
            {
                refused++;
            }
            AssertWhole();
        }
        Assert.True(refused > packed.Length / 29 - 5, $"{refused} of {packed.Length / 29}"); // what is cut in its last bytes has all files
    }

    [Fact]
    public void Whatever_the_bytes_are_the_files_are_right_or_refused()
    {
        PaxTarEntry pax = new(TarEntryType.RegularFile, "set/b.bin") { DataStream = new MemoryStream(B) };
        GnuTarEntry gnu = new(TarEntryType.RegularFile, $"set/{new string('n', 150)}") { DataStream = new MemoryStream(A) };
        byte[] tar = Of(Folder("set/"), File("set/a.bin", A), pax, gnu, File("set/names.txt", Names));
        CounterRandom random = new(3, RandomPurpose.Test);
        (int taken, int refused) = (0, 0);
        for (int round = 0; round < 150; round++)
        {
            byte[] damaged = [.. tar];
            int header = random.NextInt32(tar.Length / 512) * 512;
            for (int i = random.NextInt32(3); i >= 0; i--)
            {
                int at = round % 3 == 0 ? random.NextInt32(tar.Length) : header + random.NextInt32(512);
                damaged[at] = round % 2 == 0 ? (byte)random.NextUInt32() : (byte)('0' + random.NextInt32(10));
            }
            if (round % 4 != 0)
                damaged = Summed(damaged, header);
            string archive = _folder.Write("set.tar.gz", TestData.Gzip(damaged));
            try
            {
                Unpack(archive);
                Assert.Equal(["a.bin", "b.bin"], Taken().Except(["names.txt"]));
                taken++;
            }
            catch (DatasetException e)
            {
                Assert.StartsWith(archive, e.Message, StringComparison.Ordinal);
                refused++;
            }
            AssertWhole();
            Assert.Equal(2, Directory.GetFileSystemEntries(_folder.FullName).Length);
        }
        Assert.True(taken > 10 && refused > 50, $"{taken} taken, {refused} refused");
    }

    [Fact]
    public void Extraction_can_be_cancelled()
    {
        string archive = _folder.Write("set.tar.gz", TestData.Gzip(Of(File("set/a.bin", A))));
        Directory.CreateDirectory(Target);
        Assert.ThrowsAny<OperationCanceledException>(() => TarExtraction.Extract(archive, "set", Files, Target, new(canceled: true)));
        Assert.Equal($"{archive}x cannot be read: Could not find file '{archive}x'.",
            Assert.Throws<DatasetException>(() => TarExtraction.Extract(archive + "x", "set", Files, Target, default)).Message);
    }

    // A header's checksum is right again, so that the damage gets through.
    private static byte[] Summed(byte[] tar, int header)
    {
        byte[] one = Forged(tar[header..(header + 512)], Encoding.ASCII.GetString(tar, header + 124, 11), (char)tar[header + 156]);
        one.CopyTo(tar, header);
        return tar;
    }

    // An entry's stream is read once.
    private static TarEntry[] Fresh(TarEntry[] entries) => [.. entries.Select(e =>
    {
        e.DataStream!.Position = 0;
        return File(e.Name, ((MemoryStream)e.DataStream).ToArray());
    })];

    private void AssertWhole()
    {
        foreach ((string name, byte[] content) in ((string, byte[])[])[("a.bin", A), ("b.bin", B)])
            if (System.IO.File.Exists(Path.Combine(Target, name)))
                Assert.Equal(content, System.IO.File.ReadAllBytes(Path.Combine(Target, name)));
    }

    private IEnumerable<string> Taken() => Directory.GetFileSystemEntries(Target).Select(f => Path.GetFileName(f)!).Order();

    private void Extract(byte[] tar) => Unpack(_folder.Write("set.tar.gz", TestData.Gzip(tar)));

    private void Unpack(string archive)
    {
        if (Directory.Exists(Target))
            Directory.Delete(Target, recursive: true);
        Directory.CreateDirectory(Target);
        TarExtraction.Extract(archive, "set", Files, Target, default);
    }
}
