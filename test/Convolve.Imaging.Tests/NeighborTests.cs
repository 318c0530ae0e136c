using Convolve.Imaging.Metadata;

namespace Convolve.Imaging.Tests;

/// <summary>
/// What a file is depends on its bytes alone: not on the files that were decoded before it, on the thread, or on a harmless doubt of the
/// decoder's.
/// </summary>
public abstract class NeighborTests(bool turbo) : JpegDecoder(turbo)
{
    private static readonly byte[] Ordinary = GoldenPicture.Named("jpeg-420").File,
        Optimised = GoldenPicture.Named("jpeg-optimised-q30").File,
        Progressive = GoldenPicture.Named("jpeg-progressive").File, Png = GoldenPicture.Named("png-rgb-8").File;

    public static TheoryData<string> Doubted =>
        [.. GoldenPicture.All.Select(p => p.Name).Where(name => name.StartsWith("doubted", StringComparison.Ordinal))];

    [Theory]
    [InlineData("jpeg-no-huffman-tables")]
    [InlineData("jpeg-no-huffman-tables-grey")]
    public void Huffman_tables_that_are_missing_are_those_of_the_standard(string name)
    {
        GoldenPicture golden = GoldenPicture.Named(name);
        Assert.Equal(-1, golden.File.AsSpan().IndexOf((byte[])[0xFF, JpegFile.Huffman]));
        foreach (byte[] before in (byte[][])[Png, Ordinary, Optimised, Progressive, golden.File])
        {
            ImageDecoder.Decode(before, "before", 3, out _);
            Assert.Equal(golden.Planes(3), ImageDecoder.Decode(golden.File, name, 3, out _));
        }
    }

    [Theory]
    [InlineData("jpeg-420")]
    [InlineData("jpeg-grey")]
    [InlineData("jpeg-progressive")]
    [InlineData("jpeg-cmyk")]
    public void Quantisation_tables_that_are_missing_are_an_error(string name)
    {
        byte[] file = JpegFile.Without(GoldenPicture.Named(name).File, JpegFile.Quantisation);
        foreach (byte[] before in (byte[][])[Png, Ordinary, Optimised, Progressive, GoldenPicture.Named(name).File])
        {
            ImageDecoder.Decode(before, "before", 3, out _);
            Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, name, 3, out _));
        }
    }

    [Fact]
    public void Damaged_files_are_the_same_whatever_came_before()
    {
        Noise noise = new(77);
        byte[] room = new byte[3 * 21 * 29];
        for (int round = 0; round < 400; round++)
        {
            byte[] file = [.. (round % 2 == 0 ? Ordinary : Progressive)];
            for (int i = 0; i < 2; i++)
                file[2 + noise.Next(file.Length - 4)] = (byte)noise.Next(256);
            string?[] outcomes = new string?[3];
            byte[][] before = [Png, Optimised, Progressive];
            for (int i = 0; i < before.Length; i++)
            {
                ImageDecoder.Decode(before[i], "before", 3, out _);
                Array.Fill(room, (byte)(i * 100));
                try
                {
                    ImageInfo info = ImageDecoder.ReadInfo(file, "damaged", 21 * 29);
                    Span<byte> planes = room.AsSpan(0, (int)info.PixelCount * 3);
                    ImageDecoder.Decode(file, "damaged", 3, planes, 21 * 29);
                    outcomes[i] = Convert.ToHexString(planes);
                }
                catch (ImageException e)
                {
                    outcomes[i] = e.Message;
                }
            }
            Assert.All(outcomes, outcome => Assert.Equal(outcomes[0], outcome));
        }
    }

    [Theory]
    [MemberData(nameof(Doubted))]
    public void A_doubt_hides_neither_a_cut_nor_damage(string name)
    {
        byte[] file = GoldenPicture.Named(name).File;
        int start = file.AsSpan().LastIndexOf((byte[])[0xFF, JpegFile.Scan]) + 14,
            end = file.AsSpan().LastIndexOf((byte[])[0xFF, JpegFile.End]);
        int refused = 0;
        for (int cut = start + 4; cut < end - 20; cut += 5)
            Assert.Throws<ImageException>(() => ImageDecoder.Decode([.. file.AsSpan(0, cut), 0xFF, JpegFile.End], name, 3, out _));
        for (int at = start; at < end - 20; at += 5)
        {
            byte[] damaged = [.. file];
            damaged.AsSpan(at, 8).Fill(0xFF); // no Huffman code of the standard's is ones alone
            for (int i = at + 1; i < at + 8; i += 2)
                damaged[i] = 0; // and a stuffed zero, so that it is no marker
            try
            {
                ImageDecoder.Decode(damaged, name, 3, out _);
            }
            catch (ImageException)
            {
                refused++;
            }
        }
        Assert.True(refused >= (end - 20 - start) / 5 * 9 / 10, $"{refused} of {(end - 20 - start) / 5}");
    }

    [Theory]
    [InlineData("jpeg-progressive")]
    [InlineData("jpeg-grey-progressive")]
    [InlineData("jpeg-cmyk-progressive")]
    public void Scans_that_are_missing_are_an_error(string name)
    {
        GoldenPicture golden = GoldenPicture.Named(name);
        var parts = JpegFile.Parts(golden.File);
        int[] scans = [.. Enumerable.Range(0, parts.Count).Where(i => parts[i].Marker == JpegFile.Scan)];
        Assert.True(scans.Length >= 4);
        Assert.Equal(golden.Planes(3), ImageDecoder.Decode(JpegFile.Join(parts), name, 3, out _));
        for (int kept = 1; kept < scans.Length; kept++)
        {
            byte[] cut = JpegFile.Join([.. parts.Take(scans[kept]), parts[^1]]);
            Assert.Contains("before the last of its scans",
                Assert.Throws<ImageException>(() => ImageDecoder.Decode(cut, name, 3, out _)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_checksum_of_what_turns_a_picture_counts()
    {
        foreach (string name in (string[])["png-exif-6", "png-xmp-6", "png-xmp-7"])
        {
            byte[] file = [.. GoldenPicture.Named(name).File];
            int at = file.AsSpan().IndexOf(name == "png-exif-6" ? "eXIf"u8 : "iTXt"u8);
            file[at + 30] ^= 1;
            Assert.Contains("has the wrong checksum", Assert.Throws<ImageException>(() => ImageDecoder.ReadInfo(file, name)).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Any_XMP_gives_an_orientation_or_none()
    {
        byte[] packet = "<rdf:Description xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\" tiff:Orientation=\"6\"/>"u8.ToArray();
        Assert.Equal(6, Xmp.Orientation(packet));
        for (int length = 0; length < packet.Length; length++)
            Assert.InRange(Xmp.Orientation(packet.AsSpan(0, length)) ?? 1, 1, 8);
        Noise noise = new(3);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] damaged = [.. packet];
            for (int i = 0; i < 3; i++)
                damaged[noise.Next(damaged.Length)] = (byte)noise.Next(256);
            Assert.InRange(Xmp.Orientation(damaged) ?? 1, 1, 8);
        }
    }
}

public sealed class NeighborTestsWithTurboJpeg() : NeighborTests(turbo: true);

public sealed class NeighborTestsWithSkiaAlone() : NeighborTests(turbo: false);
