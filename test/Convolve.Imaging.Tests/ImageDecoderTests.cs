using System.Text;

namespace Convolve.Imaging.Tests;

/// <summary>Every kind of file gives PIL's bytes; what is asked wrongly or is too large is refused before there is memory for it.</summary>
public abstract class ImageDecoderTests(bool turbo) : JpegDecoder(turbo)
{
    public static TheoryData<string> Names => [.. GoldenPicture.All.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_picture_has_the_bytes_of_PIL(string name)
    {
        GoldenPicture golden = GoldenPicture.Named(name);
        ImageInfo info = ImageDecoder.ReadInfo(golden.File, name);
        Assert.Equal((golden.Channels, golden.Height, golden.Width), (info.Channels, info.Height, info.Width));
        Assert.Equal(golden.Format, info.Format);
        foreach (int channels in (int[])[3, 1])
        {
            byte[] planes = new byte[channels * golden.Height * golden.Width];
            Array.Fill(planes, (byte)170);
            Assert.Equal(info, ImageDecoder.Decode(golden.File, name, channels, planes));
            Assert.Equal(golden.Planes(channels), planes);
        }
    }

    [Fact]
    public void Every_kind_is_among_them()
    {
        Assert.Equal(136, GoldenPicture.All.Count);
        foreach (string kind in (string[])["progressive", "jpeg-grey", "cmyk", "ycck", "grey-alpha", "palette", "transparent", "rgba", "16",
            "interlaced", "exif", "xmp", "no-huffman", "doubted", "restart", "webp", "bmp", "gif"])
            Assert.Contains(GoldenPicture.All, p => p.Name.Contains(kind, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 48, 65)] // whole vectors and a rest
    [InlineData(3, 48, 65)]
    [InlineData(1, 1, 1)]
    [InlineData(3, 1, 17)]
    [InlineData(3, 300, 200)]
    public void What_is_encoded_is_decoded(int channels, int height, int width)
    {
        byte[] planes = Noise.Bytes(channels * height * width, 3);
        byte[] file = PngEncoder.Encode(planes, channels, height, width);
        Assert.Equal(file, PngEncoder.Encode(planes, channels, height, width));
        Assert.Equal(planes, ImageDecoder.Decode(file, "noise.png", channels, out ImageInfo info));
        Assert.Equal(new ImageInfo(ImageFormat.Png, channels, height, width, 1), info);
    }

    [Fact]
    public void Flat_pictures_are_encoded_small() =>
        Assert.InRange(PngEncoder.Encode(new byte[3 * 200 * 200], 3, 200, 200).Length, 60, 2000);

    [Theory]
    [InlineData(2, 4, 4, 32)]
    [InlineData(1, 4, 4, 15)]
    [InlineData(3, 0, 4, 0)]
    [InlineData(1, -4, -4, 16)]
    [InlineData(1, 65536, 65536, 0)]
    public void Planes_of_another_size_are_not_encoded(int channels, int height, int width, int length) =>
        Assert.Throws<ArgumentException>(() => PngEncoder.Encode(new byte[length], channels, height, width));

    [Fact]
    public void Room_of_another_size_is_refused()
    {
        GoldenPicture golden = GoldenPicture.Named("png-rgb-8");
        ArgumentException error = Assert.Throws<ArgumentException>(() => ImageDecoder.Decode(golden.File, "a.png", 3, new byte[428]));
        Assert.StartsWith("a.png, Png 3x11x13, needs room for 429 bytes with 3 channels, got 428.", error.Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ImageDecoder.Decode(golden.File, "a.png", 1, new byte[429]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageDecoder.Decode(golden.File, "a.png", 2, new byte[286]));
    }

    [Theory]
    [InlineData("jpeg-420", "21", "609")]
    [InlineData("png-rgba-8", "11", "143")]
    public void More_pixels_than_allowed_are_refused(string name, string height, string pixels)
    {
        GoldenPicture golden = GoldenPicture.Named(name);
        int count = golden.Height * golden.Width;
        ImageException error = Assert.Throws<ImageException>(() => ImageDecoder.ReadInfo(golden.File, name, count - 1));
        Assert.Equal($"its {golden.Width} x {height} pixels are more than the limit of {count - 1} pixels. Make the picture smaller.",
            error.Reason);
        Assert.Equal(pixels, $"{count}");
        Assert.Equal(name, error.File);
        Assert.Equal($"{name}: {error.Reason}", error.Message);
        Assert.Equal(count, ImageDecoder.ReadInfo(golden.File, name, count).PixelCount);
        Assert.Throws<ImageException>(() => ImageDecoder.Decode(golden.File, name, 3, out _, count - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageDecoder.ReadInfo(golden.File, name, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageDecoder.ReadInfo(golden.File, name, long.MaxValue));
    }

    [Fact]
    public void A_head_that_promises_too_much_takes_no_memory()
    {
        byte[] png = [.. GoldenPicture.Named("png-rgb-8").File], jpeg = [.. GoldenPicture.Named("jpeg-420").File];
        png.AsSpan(16, 8).Fill(0x7F);
        int frame = jpeg.AsSpan().IndexOf((byte[])[0xFF, 0xC0]);
        jpeg.AsSpan(frame + 5, 4).Fill(0xFF);
        long before = GC.GetTotalAllocatedBytes();
        foreach (byte[] file in (byte[][])[png, jpeg])
            Assert.Contains("more than the limit of 100000000 pixels",
                Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "large", 3, out _)).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("", "the file is empty (0 bytes). Get it again.")]
    [InlineData("II*\0and so on", "this is a TIFF file, which isn't supported. Convert it to PNG.")]
    [InlineData("MM\0*and so on", "this is a TIFF file, which isn't supported. Convert it to PNG.")]
    [InlineData("GIF89a", "this GIF file is cut off: it ends after 6 bytes, before its trailer. Get the file again.")]
    [InlineData("RIFF____WEBPVP8 ",
        "this WebP file is cut off: it ends after 16 bytes, before its last chunk does. Get the file again.")]
    [InlineData("RIFF\u0004\0\0\0WEBP", "this WebP file has no picture in it. Get the file again.")]
    [InlineData("BM", "this BMP file is cut off or damaged: its 2 bytes end in its header. Get the file again.")]
    [InlineData("text", "this is not a JPEG, PNG, WebP, BMP or GIF file: it begins with 74657874. Convert it to PNG, or remove it.")]
    public void Other_files_are_named(string content, string reason) =>
        Assert.Equal(reason, Assert.Throws<ImageException>(() => ImageDecoder.ReadInfo(Encoding.ASCII.GetBytes(content), "x.jpg")).Reason);

    [Fact]
    public void Decoding_allocates_little_once_a_thread_is_warm()
    {
        GoldenPicture[] all = [.. GoldenPicture.All.Where(p => !p.Name.Contains("xmp", StringComparison.Ordinal)
            && !p.Name.StartsWith("doubted", StringComparison.Ordinal)
            && !p.Name.Contains("profile", StringComparison.Ordinal) && p.Name != "jpeg-comment")]; // XMP is text, which is made
        byte[] room = new byte[3 * 40 * 200];
        DecodeAll();
        DecodeAll();
        foreach (GoldenPicture picture in all)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ImageDecoder.Decode(picture.File, picture.Name, 3, room.AsSpan(0, picture.Rgb.Length));
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 1024, $"{picture.Name}: {allocated} bytes");
        }

        void DecodeAll()
        {
            foreach (GoldenPicture picture in all)
                ImageDecoder.Decode(picture.File, picture.Name, 3, room.AsSpan(0, picture.Rgb.Length));
        }
    }

    [Fact]
    public void Threads_do_not_disturb_each_other() =>
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            for (int round = 0; round < 10; round++)
                foreach (GoldenPicture picture in GoldenPicture.All)
                    Assert.Equal(picture.Planes(3), ImageDecoder.Decode(picture.File, picture.Name, 3, out ImageInfo _));
        });

    [Fact]
    public void Nothing_is_left_behind()
    {
        byte[] planes = Noise.Bytes(3 * 200 * 300, 8), small = GoldenPicture.Named("jpeg-progressive").File;
        Rounds(20);
        long before = ResidentBytes();
        Rounds(300);
        Assert.InRange(ResidentBytes() - before, long.MinValue, 16 << 20); // of kept files alone there would be 50 MiB

        void Rounds(int count)
        {
            for (int i = 0; i < count; i++)
            {
                byte[] file = PngEncoder.Encode(planes, 3, 200, 300);
                ImageDecoder.Decode(file, "noise.png", 3, planes);
                Assert.Throws<ImageException>(() =>
                    ImageDecoder.Decode([.. file.AsSpan(0, 9000), .. file.AsSpan(9100)], "bad.png", 3, out _));
                Assert.Throws<ImageException>(() =>
                    ImageDecoder.Decode([.. small.AsSpan(0, small.Length - 60), 0xFF, 0xD9], "bad.jpg", 3, out _));
            }
        }

        static long ResidentBytes()
        {
            GC.Collect();
            return long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)
                * Environment.SystemPageSize;
        }
    }

    [Fact]
    public void The_libraries_say_which_they_are()
    {
        Assert.Contains(ImageLibraries.JpegAccelerator, (string?[])["libturbojpeg", null]);
        Assert.Matches(@"^Skia \d+\.\d+$", ImageLibraries.Decoder);
        ImageLibraries.Require();
    }
}

public sealed class ImageDecoderTestsWithTurboJpeg() : ImageDecoderTests(turbo: true);

public sealed class ImageDecoderTestsWithSkiaAlone() : ImageDecoderTests(turbo: false);
