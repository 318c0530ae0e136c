using Convolve.Data.Transforms;
using Convolve.Imaging;
using Convolve.Kernels.Pixels;

namespace Convolve.Data.Inputs;

/// <summary>
/// A picture of what transforms do: a row per image with the image itself over the name of its class, what evaluation sees of it, and what
/// training sees in some epochs, normalized and back.
/// </summary>
internal sealed class PreviewSheet
{
    private const int Gap = 6, WideGap = 18, SmallestSide = 96, UsualSide = 224;
    private const long MostPixels = 100_000_000;
    private const int TextScale = 2, TextHeight = PixelText.Height * TextScale + 4;
    private const byte Background = 208; // neither black padding nor a white picture runs into it
    private const byte Ink = 32;
    private readonly byte[] _pixels;

    private PreviewSheet(ImageSize size, int images, int columns)
    {
        (Size, Images, Columns, _pixels) = (size, images, columns, new byte[size.Length]);
        Array.Fill(_pixels, Background);
    }

    /// <summary>Three channels, height and width of the sheet.</summary>
    public ImageSize Size { get; }

    /// <summary>Rows.</summary>
    public int Images { get; }

    /// <summary>Pictures in a row: the image, its evaluation, the epochs.</summary>
    public int Columns { get; }

    /// <summary>The sheet in planes: red, green, blue.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    /// <summary>Makes a sheet.</summary>
    /// <param name="train">The images to learn from; all of them are read where mean or colors are needed.</param>
    /// <param name="transforms">What is done to them; what mixes batches mixes the rows of an epoch, as if they were a batch.</param>
    /// <param name="input">The network's input; null for the size that the transforms end at, or 224 pixels each way where that depends on
    /// the image.</param>
    /// <param name="seed">The seed of the run: the first images of its first epoch are shown.</param>
    /// <param name="images">How many, at least 1.</param>
    /// <param name="epochs">How many pictures of each, at least 1.</param>
    /// <exception cref="DatasetException">The transforms do not fit the images or the input, or the split is empty.</exception>
    public static PreviewSheet Create(Split train, TransformList transforms, ImageSize? input, ulong seed, int images, int epochs)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(transforms);
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        int[] shown = new BatchSampler(train, images, seed, shuffle: true).Batch(0, 0).ToArray();
        bool endsAnywhere = train.Dataset.Size is null && transforms.All(t => t.Frame is null);
        ImageSize target = input ?? (endsAnywhere ? new(train.Dataset.Channels, UsualSide, UsualSide)
            : transforms.Infer(train.Dataset.SizeOf(shown[0])));
        TransformList list = transforms.For(train, target).Fit(train);
        ImagePipeline pipeline = new(Preprocessing.Fit(train, target, Normalization.TrainingSplit, list), train.Dataset.Channels);
        Augmentation augmentation = new(list, pipeline, seed);

        // A whole multiple of what the network sees, so that its pictures fill their cells.
        int longer = Math.Max(target.Height, target.Width), cell = longer * ((SmallestSide + longer - 1) / longer);
        long height = TopOf(shown.Length, cell), width = LeftOf(epochs + 2, cell);
        if (height * width > MostPixels)
        {
            throw new DatasetException(
                $"A sheet of {shown.Length} images, with {epochs} epochs of each at {target}, would have {height}x{width} pixels, but " +
                $"the limit is {MostPixels}. Show fewer images or epochs.");
        }
        PreviewSheet sheet = new(new(3, (int)height, (int)width), shown.Length, epochs + 2);
        BatchMixer mixer = new(list, target, seed);
        float[][] inputs = [.. shown.Select(_ => new float[target.Length])];
        byte[] picture = new byte[target.Length];
        for (int column = 0; column < epochs + 2; column++)
        {
            for (int row = 0; row < shown.Length; row++)
            {
                ImageSize size = train.Dataset.SizeOf(shown[row]);
                ReadOnlySpan<byte> pixels = train.Dataset.PixelsOf(shown[row]);
                if (column == 0)
                {
                    sheet.Put(pixels, size, row, column, cell);
                    string name = train.Dataset.ClassNames[train.Dataset.LabelOf(shown[row])];
                    sheet.Write(name, (int)LeftOf(0, cell), (int)LeftOf(2, cell) - WideGap, (int)TopOf(row, cell) + cell + 4);
                }
                else if (column == 1)
                    pipeline.Write(pixels, size, inputs[row]);
                else
                    augmentation.Write(pixels, size, column - 2, shown[row], inputs[row]);
            }
            sheet.Write(column switch { 0 => "image", 1 => "eval", _ => $"epoch {column - 1}" }, (int)LeftOf(column, cell), cell, Gap);
            if (column == 0)
                continue;
            if (column > 1 && mixer.IsActive && mixer.Draw((uint)column - 2) is var mix && mix != BatchMix.None)
                for (int row = 0; row < shown.Length / 2; row++)
                    mixer.Apply(mix, inputs[row], inputs[^(row + 1)]);
            for (int row = 0; row < shown.Length; row++)
            {
                pipeline.Invert(inputs[row], picture);
                sheet.Put(picture, target, row, column, cell);
            }
        }

        return sheet;
    }

    // Under the heads of the columns; each row with a name below it.
    private static long TopOf(int row, int cell) => Gap + TextHeight + (long)row * (cell + TextHeight + Gap);

    // The image and its evaluation stand apart from the epochs.
    private static long LeftOf(int column, int cell) => Gap + (long)column * (cell + Gap) + Math.Min(column, 2) * (WideGap - Gap);

    private void Write(string text, int left, int width, int top) =>
        PixelText.Write(_pixels, Size.Height, Size.Width, PixelText.Shorten(text, width, TextScale), left, top, [Ink, Ink, Ink], TextScale);

    // Small pictures are enlarged by a whole factor, so that their pixels can be seen; large ones are made to fit.
    private void Put(ReadOnlySpan<byte> pixels, ImageSize size, int row, int column, int cell)
    {
        int longer = Math.Max(size.Height, size.Width), factor = cell / longer;
        Picture picture = new(pixels, size.ForKernels, PictureScratch.OfThread);
        if (factor == 0)
            PixelResize.Antialiased(ref picture,
                Math.Max(1, (int)((long)size.Height * cell / longer)), Math.Max(1, (int)((long)size.Width * cell / longer)));
        factor = Math.Max(factor, 1);
        int height = picture.Size.Height * factor, width = picture.Size.Width * factor;
        int top = (int)TopOf(row, cell) + (cell - height) / 2, left = (int)LeftOf(column, cell) + (cell - width) / 2;
        for (int c = 0; c < 3; c++)
        {
            ReadOnlySpan<byte> plane = picture.Pixels[(Math.Min(c, size.Channels - 1) * picture.Size.PixelCount)..];
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    _pixels[(c * Size.Height + top + y) * Size.Width + left + x] = plane[y / factor * picture.Size.Width + x / factor];
        }
    }
}
