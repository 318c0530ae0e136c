namespace Convolve.Data.Transforms;

/// <summary>
/// A picture of what transforms do: a row per image with the image itself, what evaluation sees of it, and what training sees in some
/// epochs, normalised and back.
/// </summary>
public sealed class PreviewSheet
{
    private const int Gap = 6, SmallestSide = 96, UsualSide = 224;
    private const byte Background = 255;
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
    /// <param name="train">The images to learn from; all of them are read where mean or colours are needed.</param>
    /// <param name="transforms">What is done to them; what mixes batches is left out.</param>
    /// <param name="input">The network's input; null for the size that the transforms end at, or 224 pixels each way where that depends on the image.</param>
    /// <param name="seed">The seed of the run: the first images of its first epoch are shown.</param>
    /// <param name="images">How many, at least 1.</param>
    /// <param name="epochs">How many pictures of each, at least 1.</param>
    /// <exception cref="DataException">The transforms do not fit the images or the input, or the split is empty.</exception>
    public static PreviewSheet Create(Split train, TransformList transforms, ImageSize? input, ulong seed, int images, int epochs)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(transforms);
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        int[] shown = new BatchSampler(train, images, seed, shuffle: true).Batch(0, 0).ToArray();
        bool endsAnywhere = train.Dataset.Size is null && transforms.All(t => t.Frame is null);
        ImageSize target = input ?? (endsAnywhere ? new(train.Dataset.Channels, UsualSide, UsualSide) : transforms.Infer(train.Dataset.SizeOf(shown[0])));
        TransformList list = transforms.For(train, target).Fit(train);
        ImagePipeline pipeline = new(Preprocessing.Fit(train, target, Normalization.TrainingSplit, list), train.Dataset.Channels);
        Augmentation augmentation = new(list, pipeline, seed);

        int cell = Math.Max(SmallestSide, Math.Max(target.Height, target.Width)), step = cell + Gap;
        PreviewSheet sheet = new(new(3, checked(shown.Length * step + Gap), checked((epochs + 2) * step + Gap)), shown.Length, epochs + 2);
        float[] values = new float[target.Length];
        byte[] picture = new byte[target.Length];
        for (int row = 0; row < shown.Length; row++)
        {
            ImageSize size = train.Dataset.SizeOf(shown[row]);
            ReadOnlySpan<byte> pixels = train.Dataset.PixelsOf(shown[row]);
            sheet.Put(pixels, size, row, 0, cell);
            for (int column = 1; column < epochs + 2; column++)
            {
                if (column == 1)
                    pipeline.Write(pixels, size, values);
                else
                    augmentation.Write(pixels, size, column - 2, shown[row], values);
                pipeline.Invert(values, picture);
                sheet.Put(picture, target, row, column, cell);
            }
        }

        return sheet;
    }

    // Small pictures are enlarged by a whole factor, so that their pixels can be seen; large ones are made to fit.
    private void Put(ReadOnlySpan<byte> pixels, ImageSize size, int row, int column, int cell)
    {
        int longer = Math.Max(size.Height, size.Width), factor = cell / longer;
        Picture picture = new(pixels, size, PictureScratch.OfThread);
        if (factor == 0)
            PixelResize.Antialiased(ref picture, new(Math.Max(1, (int)((long)size.Height * cell / longer)), Math.Max(1, (int)((long)size.Width * cell / longer))));
        factor = Math.Max(factor, 1);
        int height = picture.Size.Height * factor, width = picture.Size.Width * factor;
        int top = Gap + row * (cell + Gap) + (cell - height) / 2, left = Gap + column * (cell + Gap) + (cell - width) / 2;
        for (int c = 0; c < 3; c++)
        {
            ReadOnlySpan<byte> plane = picture.Pixels[(Math.Min(c, size.Channels - 1) * picture.Size.PixelCount)..];
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    _pixels[(c * Size.Height + top + y) * Size.Width + left + x] = plane[y / factor * picture.Size.Width + x / factor];
        }
    }
}
