using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Formats.TensorBoard;
using Convolve.Imaging;
using Convolve.Kernels.Pixels;

namespace Convolve.Reporting;

/// <summary>
/// One picture of some predictions: a row of those that are wrong and sure of it, one of the least certain, one of right ones; framed green
/// where they are right and red where they are wrong, over the class that was predicted and, where it is another, the true one.
/// </summary>
internal sealed class PredictionGrid
{
    private const int Columns = 8, Cell = 112, Frame = 3, Gap = 8, Pitch = Cell + 2 * Frame + Gap;
    private const int TextScale = 2, LineHeight = PixelText.Height * TextScale + 2,
        RowHeight = LineHeight + Cell + 2 * Frame + 4 + 2 * LineHeight + Gap;
    private static readonly (byte Red, byte Green, byte Blue) Right = (0, 135, 95), Wrong = (213, 94, 0), Background = (245, 245, 245),
        Ink = (32, 32, 32);
    private readonly byte[] _pixels;

    private PredictionGrid(ImageSize size) => (Size, _pixels) = (size, new byte[size.Length]);

    /// <summary>Three channels, height and width of the picture.</summary>
    public ImageSize Size { get; }

    /// <summary>The picture in planes: red, green, blue.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    /// <summary>Draws the grid.</summary>
    /// <param name="data">Where the pictures are; one that cannot be read leaves its place empty.</param>
    /// <param name="predictions">What is said of them.</param>
    public static PredictionGrid Create(Dataset data, Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(predictions);
        (string Head, SamplePrediction[] Shown)[] rows =
        [
            ("wrong and confident: predicted, then true", [.. predictions.MostConfident(correct: false, Columns)]),
            ("least certain", [.. predictions.LeastCertain(Columns)]),
            ("right and confident", [.. predictions.MostConfident(correct: true, Columns)]),
        ];
        PredictionGrid grid = new(new(3, rows.Length * RowHeight + Gap, Columns * Pitch + Gap));
        grid.Fill(0, 0, grid.Size.Height, grid.Size.Width, Background);
        foreach ((int row, (string head, SamplePrediction[] shown)) in rows.Index())
        {
            int top = Gap + row * RowHeight, under = top + LineHeight + Cell + 2 * Frame + 4;
            grid.Write(shown.Length > 0 ? head : $"{head}: none", Gap, top, grid.Size.Width - 2 * Gap, Ink);
            foreach ((int column, SamplePrediction prediction) in shown.Index())
            {
                int left = Gap + column * Pitch;
                grid.Put(data, prediction, top + LineHeight, left);
                grid.Write(predictions.ClassNames[prediction.Predicted], left, under, Pitch - Gap, prediction.IsCorrect ? Right : Wrong);
                if (!prediction.IsCorrect)
                    grid.Write(predictions.ClassNames[prediction.Label], left, under + LineHeight, Pitch - Gap, Ink);
            }
        }
        return grid;
    }

    /// <summary>The picture as a PNG file.</summary>
    /// <exception cref="ImageLibraryException">The library is not installed.</exception>
    public byte[] ToPng() => PngEncoder.Encode(_pixels, Size.Channels, Size.Height, Size.Width);

    /// <summary>
    /// Adds the grid of a run to the event files of its folder; does nothing where there are no predictions, or no library that encodes
    /// pictures.
    /// </summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="run">The run.</param>
    /// <param name="step">Its position on the axis of the curves: the run's updates, <see cref="Training.Trainer.Steps"/>.</param>
    /// <exception cref="Files.FileWriteException">The file cannot be written.</exception>
    public static void Log(string folder, EvaluatedRun run, long step)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run is not { Split: { } split, Predictions: { } predictions })
            return;
        PredictionGrid grid = Create(split.Dataset, predictions);
        byte[] png;
        try
        {
            png = grid.ToPng();
        }
        catch (ImageLibraryException)
        {
            return;
        }
        using EventLog log = new(folder);
        log.AddImage(step, $"predictions/{split.Name}: wrong and sure, least certain, right", png, grid.Size.Width, grid.Size.Height);
        log.Flush();
    }

    private void Put(Dataset data, SamplePrediction prediction, int top, int left)
    {
        Fill(top, left, Cell + 2 * Frame, Cell + 2 * Frame, prediction.IsCorrect ? Right : Wrong);
        Fill(top + Frame, left + Frame, Cell, Cell, Background);
        try
        {
            ImageSize size = data.SizeOf(prediction.Sample.Index);
            ReadOnlySpan<byte> pixels = data.PixelsOf(prediction.Sample.Index);
            double scale = (double)Cell / Math.Max(size.Height, size.Width);
            (int height, int width) = (Math.Max(1, (int)(size.Height * scale)), Math.Max(1, (int)(size.Width * scale)));
            Picture picture = new(pixels, size.ForKernels, PictureScratch.OfThread);
            if (scale < 1)
                PixelResize.Antialiased(ref picture, height, width);
            Copy(picture, top + Frame + (Cell - height) / 2, left + Frame + (Cell - width) / 2, height, width);
        }
        catch (DatasetException)
        {
            // It has become unreadable since it was evaluated.
        }
    }

    // Small pictures are enlarged pixel by pixel.
    private void Copy(Picture picture, int top, int left, int height, int width)
    {
        PictureSize size = picture.Size;
        for (int c = 0; c < 3; c++)
        {
            ReadOnlySpan<byte> plane = picture.Pixels.Slice(Math.Min(c, size.Channels - 1) * size.PixelCount, size.PixelCount);
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    _pixels[(c * Size.Height + top + y) * Size.Width + left + x] =
                        plane[y * size.Height / height * size.Width + x * size.Width / width];
        }
    }

    private void Write(string text, int left, int top, int width, (byte Red, byte Green, byte Blue) color) =>
        PixelText.Write(_pixels, Size.Height, Size.Width, PixelText.Shorten(text, width, TextScale), left, top,
            [color.Red, color.Green, color.Blue], TextScale);

    private void Fill(int top, int left, int height, int width, (byte Red, byte Green, byte Blue) color)
    {
        foreach ((int c, byte value) in new[] { color.Red, color.Green, color.Blue }.Index())
            for (int y = top; y < top + height; y++)
                _pixels.AsSpan((c * Size.Height + y) * Size.Width + left, width).Fill(value);
    }
}
