using Convolve.Imaging.Jpeg;

namespace Convolve.Imaging.Tests;

/// <summary>The codes of JPEG files: what is read is what decoders read, and nothing impossible passes.</summary>
public class JpegEntropyTests() : JpegDecoder(turbo: false)
{
    private const long MaxPixels = 1 << 20;

    public static TheoryData<string> Names => [.. GoldenPicture.All.Where(p => p.IsJpeg).Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Good_files_have_no_problem(string name) => Assert.Null(JpegEntropy.ProblemOf(GoldenPicture.Named(name).File));

    // A fill bit is 1. Where the last byte of a scan has some, every one of its other bits counts.
    [Theory]
    [MemberData(nameof(Names))]
    public void The_last_byte_of_every_scan_is_needed(string name)
    {
        byte[] file = GoldenPicture.Named(name).File;
        if (name.Contains("bytes", StringComparison.Ordinal) || name.Contains("everything", StringComparison.Ordinal))
            return; // these have more bytes than they need
        var parts = JpegFile.Parts(file);
        for (int i = 0; i < parts.Count; i++)
        {
            if (parts[i].Marker != JpegFile.Scan)
                continue;
            byte[] bytes = parts[i].Bytes;
            int cut = bytes[^1] == 0 && bytes[^2] == 0xFF ? 2 : 1;
            byte[] shorter = JpegFile.Join([.. parts.Take(i), (JpegFile.Scan, bytes[..^cut]), .. parts.Skip(i + 1)]);
            Assert.Contains("end early", JpegEntropy.ProblemOf(shorter) ?? "no problem", StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damage_is_judged_the_same_with_both_decoders(string name)
    {
        if (ImageLibraries.JpegAccelerator is null)
            return;
        byte[] file = GoldenPicture.Named(name).File;
        Noise noise = new((ulong)name.Length * 77 + file[^9]);
        int start = file.AsSpan().IndexOf((byte[])[0xFF, JpegFile.Scan]);
        for (int round = 0; round < 300; round++)
        {
            byte[] damaged = [.. file];
            for (int i = 0; i < 2; i++)
                damaged[start + noise.Next(file.Length - start)] = (byte)noise.Next(256);
            string skia = Outcome(damaged, turbo: false, MaxPixels), turbo = Outcome(damaged, turbo: true, MaxPixels);
            // The pixels may differ where possible codes give coefficients that no picture has: sums overflow.
            bool isRefused = skia.StartsWith("picture: ", StringComparison.Ordinal);
            Assert.True(isRefused ? skia == turbo : turbo.Length == skia.Length && !turbo.StartsWith("picture: ", StringComparison.Ordinal),
                $"round {round}: {skia}\n{turbo}");
        }
    }

    [Theory]
    [InlineData("jpeg-restart")]
    [InlineData("jpeg-restart-progressive")]
    public void Restart_markers_must_come_in_order(string name)
    {
        byte[] file = GoldenPicture.Named(name).File;
        int[] places = [.. Enumerable.Range(0, file.Length - 1).Where(i => file[i] == 0xFF && file[i + 1] is >= 0xD0 and <= 0xD7)];
        Assert.True(places.Length > 4, $"{places.Length} restart markers");
        foreach (int place in places)
        {
            byte[] other = [.. file];
            other[place + 1] = (byte)(0xD0 + (other[place + 1] + 1) % 8);
            Assert.Contains("restart marker", JpegEntropy.ProblemOf(other) ?? "no problem", StringComparison.Ordinal);
            byte[] longer = [.. file[..place], 0x55, .. file[place..]];
            Assert.Contains("restart marker", JpegEntropy.ProblemOf(longer) ?? "no problem", StringComparison.Ordinal);
            byte[] filled = [.. file[..place], 0xFF, 0xFF, .. file[place..]];
            Assert.Null(JpegEntropy.ProblemOf(filled));
        }
    }

    [Fact]
    public void Arithmetic_coding_is_named()
    {
        byte[] file = [.. GoldenPicture.Named("jpeg-420").File];
        file[file.AsSpan().IndexOf((byte[])[0xFF, 0xC0]) + 1] = 0xC9;
        Assert.Equal("picture: this JPEG file is damaged or of an unsupported kind: its coding (SOF9) isn't baseline, extended or " +
            "progressive Huffman. Get the file again, or convert it.", Outcome(file, turbo: false));
    }

    [Fact]
    public void Impossible_tables_are_refused()
    {
        JpegHuffmanTable table = new();
        byte[] counts = new byte[16];
        (counts[0], counts[1]) = (1, 2);
        Assert.False(table.TrySet(counts, [1, 2, 3], isDc: true)); // the third code would be ones alone
        (counts[0], counts[1]) = (3, 0);
        Assert.False(table.TrySet(counts, [1, 2, 3], isDc: true));
        (counts[0], counts[1]) = (1, 1);
        Assert.False(table.TrySet(counts, [1, 16], isDc: true)); // no difference has 16 bits
        Assert.False(table.TrySet(counts, [1], isDc: false));
        Assert.False(table.IsSet);
        Assert.True(table.TrySet(counts, [1, 16], isDc: false));
    }

    [Fact]
    public void A_picture_has_no_more_than_500_scans()
    {
        var parts = JpegFile.Parts(GoldenPicture.Named("jpeg-grey").File);
        var scan = parts.Single(p => p.Marker == JpegFile.Scan);
        byte[] file = JpegFile.Join([.. parts.SkipLast(1), .. Enumerable.Repeat(scan, 500), parts[^1]]);
        Assert.Equal("it has more than 500 scans", JpegEntropy.ProblemOf(file));
    }
}
