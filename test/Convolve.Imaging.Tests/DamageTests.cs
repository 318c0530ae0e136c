using System.Buffers.Binary;
using Convolve.Imaging.Metadata;

namespace Convolve.Imaging.Tests;

/// <summary>Whatever the bytes are: a picture of the promised size, or the one exception; never a crash.</summary>
public abstract class DamageTests(bool turbo) : JpegDecoder(turbo)
{
    private const int Rounds = 2000;

    // Large enough for any head that a flipped byte leaves plausible, small enough to be quick.
    private const long MaxPixels = 1 << 20;

    public static TheoryData<string> Kinds =>
    [
        "jpeg-420", "jpeg-progressive", "jpeg-grey", "jpeg-ycck", "jpeg-exif-6", "jpeg-comment",
        "jpeg-restart", "jpeg-restart-progressive",
        "png-grey-1", "png-rgb-8", "png-rgba-16-interlaced", "png-palette-4-transparent-interlaced", "png-exif-5", "png-comments",
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_cut_is_an_error(string name)
    {
        byte[] file = GoldenPicture.Named(name).File;
        for (int length = 0; length < file.Length; length++)
        {
            ImageException error = Assert.Throws<ImageException>(() => ImageDecoder.Decode(file.AsSpan(0, length), "cut", 3, out _));
            Assert.True(length < 16 || error.Reason.Contains($"is cut off: it ends after {length} bytes", StringComparison.Ordinal),
                $"{length}: {error.Message}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_cut_with_its_end_marker_put_back_is_an_error(string name)
    {
        GoldenPicture golden = GoldenPicture.Named(name);
        byte[] end = golden.IsJpeg ? [0xFF, 0xD9] : golden.File[^12..];
        int content = golden.IsJpeg ? LastIndexOf(golden.File, [0xFF, 0xDA]) : golden.File.AsSpan().IndexOf("IDAT"u8);
        for (int length = content + 16; length < golden.File.Length - 20; length += 7)
            Assert.Throws<ImageException>(() => ImageDecoder.Decode([.. golden.File.AsSpan(0, length), .. end], "cut", 3, out _));
    }

    public static TheoryData<string> OtherKinds =>
        ["webp-lossy", "webp-lossless", "webp-alpha-exif-6", "bmp-24", "bmp-8", "bmp-rle-8", "gif", "gif-interlaced"];

    [Theory]
    [MemberData(nameof(OtherKinds))]
    public void Every_cut_of_other_formats_is_an_error(string name)
    {
        byte[] file = GoldenPicture.Named(name).File;
        for (int length = 0; length < file.Length - 2; length++) // the last two may fill up a row, or end what has ended
            Assert.Throws<ImageException>(() => ImageDecoder.Decode(file.AsSpan(0, length), "cut", 3, out _));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    [MemberData(nameof(OtherKinds))]
    public void Damaged_files_are_pictures_or_errors(string name)
    {
        byte[] file = GoldenPicture.Named(name).File;
        bool isPng = file[0] == 0x89;
        Noise noise = new((ulong)name.Length * 31 + file[^20]);
        int pictures = 0, errors = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] damaged = Damage([.. file], ref noise);
            // A checksum that fits lets the damage through to the decoder.
            if (isPng && round % 4 != 0)
                RepairChecksums(damaged);
            try
            {
                ImageInfo promised = ImageDecoder.ReadInfo(damaged, "damaged", MaxPixels);
                byte[] planes = ImageDecoder.Decode(damaged, "damaged", 1 + round % 2 * 2, out ImageInfo info, MaxPixels);
                Assert.Equal(promised, info);
                Assert.Equal(info.PixelCount * (1 + round % 2 * 2), planes.Length);
                pictures++;
            }
            catch (ImageException e)
            {
                Assert.StartsWith("damaged: ", e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain("error 0", e.Message, StringComparison.Ordinal);
                errors++;
            }
        }
        Assert.True(pictures >= 5 && errors >= 20, $"{pictures} pictures, {errors} errors"); // else the damage tests one thing only
    }

    [Fact]
    public void Noise_is_an_error()
    {
        Noise noise = new(5);
        byte[][] starts = [[], [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xE1, 0, 20, .. "Exif\0\0II*\0"u8],
            GoldenPicture.Named("png-rgb-8").File[..33]];
        for (int round = 0; round < Rounds; round++)
        {
            byte[] data = [.. starts[round % starts.Length], .. Noise.Bytes(noise.Next(600), (ulong)round + 1)];
            Assert.Throws<ImageException>(() => ImageDecoder.Decode(data, "noise", 3, out _, MaxPixels));
        }
    }

    [Fact]
    public void Any_EXIF_gives_an_orientation()
    {
        Noise noise = new(9);
        byte[] tiff = [.. "II*\0"u8, 8, 0, 0, 0, 2, 0, 0x00, 0x01, 3, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0];
        Assert.Equal(6, Exif.Orientation(tiff));
        for (int length = 0; length < tiff.Length; length++)
            Assert.Equal(1, Exif.Orientation(tiff.AsSpan(0, length)));
        for (int round = 0; round < 20 * Rounds; round++)
            Assert.InRange(Exif.Orientation(Damage([.. tiff], ref noise)), 1, 8);
    }

    [Theory]
    [InlineData("jpeg-420", 0xC0, 9, (byte)2,
        "this JPEG file has 2 components, expected 1 (grayscale), 3 (color) or 4 (CMYK). Convert it.")]
    [InlineData("jpeg-420", 0xC0, 9, (byte)4, null)] // the library finds the segment too short
    [InlineData("jpeg-420", 0xC0, 6, (byte)0,
    "its header says 29 columns and 0 rows, expected at least 1 of each. Get the file again.")]
    public void A_head_that_cannot_be_is_named(string name, byte marker, int offset, byte value, string? reason)
    {
        byte[] file = [.. GoldenPicture.Named(name).File];
        file[file.AsSpan().IndexOf((byte[])[0xFF, marker]) + offset] = value;
        ImageException error = Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, name, 3, out _));
        Assert.True(reason is null ? error.Reason.Contains("damaged", StringComparison.Ordinal) : error.Reason == reason, error.Message);
    }

    private static byte[] Damage(byte[] file, ref Noise noise)
    {
        int kind = noise.Next(4);
        for (int i = 1 + noise.Next(4); i > 0; i--)
        {
            int at = noise.Next(file.Length);
            file[at] = kind == 0 ? (byte)noise.Next(256) : kind == 1 ? (byte)0xFF : (byte)(file[at] ^ 1 << noise.Next(8));
        }
        if (kind != 3)
            return file;
        int from = noise.Next(file.Length), length = noise.Next(Math.Min(40, file.Length - from));
        return noise.Next(2) == 0 ? [.. file[..from], .. file[(from + length)..]] : [.. file[..(from + length)], .. file[from..]];
    }

    private static void RepairChecksums(byte[] png)
    {
        for (int at = 8; at + 12 <= png.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at));
            if (length > png.Length - at - 12)
                return;
            BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(at + 8 + (int)length), Crc32.Of(png.AsSpan(at + 4, (int)length + 4)));
            at += 12 + (int)length;
        }
    }

    private static int LastIndexOf(byte[] bytes, ReadOnlySpan<byte> what) => bytes.AsSpan().LastIndexOf(what);
}

public sealed class DamageTestsWithTurboJpeg() : DamageTests(turbo: true);

public sealed class DamageTestsWithSkiaAlone() : DamageTests(turbo: false);
