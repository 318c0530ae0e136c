using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Kernels;
using Convolve.Kernels.Pixels;
using Convolve.Tests.Data.Sets;
using Convolve.Tests.Data.Transforms;

namespace Convolve.Tests.Data.Inputs;

public sealed class PreviewSheetTests
{
    [Fact]
    public void A_row_has_the_image_its_evaluation_and_its_epochs()
    {
        Dataset set = TestData.Set(10, size: new(3, 20, 24));
        Split split = new("train", set, [.. Enumerable.Range(0, 10)]);
        TransformList transforms = [new RandomCrop(16), new HorizontalFlip()];
        PreviewSheet sheet = PreviewSheet.Create(split, transforms, null, seed: 4, images: 2, epochs: 3);
        Assert.Equal((new ImageSize(3, 20 + 2 * (102 + 20) + 6, 5 * 102 + 6 + 24), 2, 5), (sheet.Size, sheet.Images, sheet.Columns));
        int[] shown = new BatchSampler(split, 2, 4, shuffle: true).Batch(0, 0).ToArray();
        for (int row = 0; row < 2; row++)
        {
            byte[] pixels = set.PixelsOf(shown[row]).ToArray();
            Assert.Equal(pixels, Cell(sheet, row, 0, 4, new(20, 24)));
            Assert.Equal(Pictures.Apply([new CenterCrop(16)], pixels, set.SizeOf(0)).Pixels, Cell(sheet, row, 1, 6, 16));
            for (uint epoch = 0; epoch < 3; epoch++)
            {
                CounterRandom random = new(4, RandomPurpose.Augmentation, epoch, (uint)shown[row]);
                Picture picture = new(pixels, set.SizeOf(0).ForKernels, PictureScratch.OfThread);
                TransformKernels.Apply(transforms, .., ref picture, ref random, []);
                Assert.Equal(picture.Pixels, Cell(sheet, row, 2 + (int)epoch, 6, 16));
            }
        }
    }

    [Fact]
    public void Large_pictures_of_many_sizes_are_made_to_fit()
    {
        ImageSize[] sizes = [new(3, 300, 900), new(3, 10, 3)];
        ReadDataset set = new("many", [.. sizes.Select(s => (s, TestData.Pixels(s.Length)))], [0, 0], ["one"]);
        PreviewSheet sheet = PreviewSheet.Create(new("train", set, [0, 1]), [new HorizontalFlip()], null, seed: 1, images: 8, epochs: 1);
        Assert.Equal((new ImageSize(3, 20 + 2 * (230 + 20) + 6, 3 * 230 + 6 + 24), 2), (sheet.Size, sheet.Images));
    }

    [Fact]
    public void What_mixes_batches_mixes_the_rows_of_an_epoch()
    {
        Dataset set = TestData.Set(10, size: new(3, 16, 16));
        Split split = new("train", set, [.. Enumerable.Range(0, 10)]);
        foreach (Transform mixing in (Transform[])[new MixUp(2), new CutMix()])
        {
            PreviewSheet sheet = PreviewSheet.Create(split, [mixing], null, seed: 4, images: 3, epochs: 4);
            BatchMixer mixer = new([mixing], new(3, 16, 16), 4);
            int changed = 0;
            for (int epoch = 0; epoch < 4; epoch++)
            {
                BatchMix mix = mixer.Draw((uint)epoch);
                for (int row = 0; row < 3; row++)
                {
                    byte[] own = Cell(sheet, row, 0, 6, 16), other = Cell(sheet, 2 - row, 0, 6, 16),
                        seen = Cell(sheet, row, 2 + epoch, 6, 16);
                    Assert.Equal(own, Cell(sheet, row, 1, 6, 16)); // evaluation sees nothing of it
                    for (int i = 0; i < seen.Length; i++)
                    {
                        int y = i / 16 % 16 - mix.Top, x = i % 16 - mix.Left;
                        double share = !mix.IsPaste ? mix.Share : y >= 0 && y < mix.Height && x >= 0 && x < mix.Width ? 0 : 1;
                        Assert.InRange(seen[i] - (share * own[i] + (1 - share) * other[i]), -0.51, 0.51);
                    }
                    changed += seen.SequenceEqual(own) ? 0 : 1;
                }
            }
            Assert.InRange(changed, 4, 8); // the middle row is its own partner
        }
    }

    [Fact]
    public void Grey_pictures_are_shown_grey_and_enlarged_to_fill_their_cells()
    {
        Dataset set = TestData.Set(4, size: new(1, 28, 28));
        Split split = new("train", set, [0, 1, 2, 3]);
        PreviewSheet sheet = PreviewSheet.Create(split, [], new(1, 28, 28), seed: 1, images: 1, epochs: 1);
        Assert.Equal(new ImageSize(3, 20 + 112 + 12 + 20, 3 * 118 + 6 + 24), sheet.Size);
        byte[] pixels = set.PixelsOf(new BatchSampler(split, 1, 1, shuffle: true).Batch(0, 0)[0]).ToArray();
        foreach (int left in (int[])[6, 6 + 130, 6 + 260])
            for (int c = 0; c < 3; c++)
                for (int y = 0; y < 112; y++)
                    for (int x = 0; x < 112; x++)
                        Assert.Equal(pixels[y / 4 * 28 + x / 4],
                            sheet.Pixels[(c * sheet.Size.Height + 26 + y) * sheet.Size.Width + left + x]);
    }

    [Fact]
    public void A_sheet_that_is_too_large_is_refused_with_its_size()
    {
        Split split = new("train", TestData.Set(100, size: new(3, 4, 4)), [.. Enumerable.Range(0, 100)]);
        DatasetException e = Assert.Throws<DatasetException>(() =>
            PreviewSheet.Create(split, [], new(3, 224, 224), 1, images: 100, epochs: 100));
        Assert.Equal(
            "A sheet of 100 images, with 100 epochs of each at 3x224x224, would have 25026x23490 pixels, but the limit is 100000000. " +
            "Show fewer images or epochs.", e.Message);
    }

    // The pixels of a picture that was enlarged by a factor; what is around it is grey.
    private static byte[] Cell(PreviewSheet sheet, int row, int column, int factor, FrameSize size)
    {
        byte[] sheetPixels = sheet.Pixels.ToArray();
        byte At(int c, int y, int x) => sheetPixels[(c * sheet.Size.Height + y) * sheet.Size.Width + x];
        int top = 26 + row * 122 + (96 - size.Height * factor) / 2,
            left = 6 + column * 102 + Math.Min(column, 2) * 12 + (96 - size.Width * factor) / 2;
        for (int c = 0; c < 3; c++)
        {
            Assert.Equal(208, At(c, top - 1, left));
            Assert.Equal(208, At(c, top + size.Height * factor, left));
            Assert.Equal(208, At(c, top, left - 1));
        }
        return [.. from c in Enumerable.Range(0, 3) from y in Enumerable.Range(0, size.Height) from x in Enumerable.Range(0, size.Width)
                   select At(c, top + y * factor + factor / 2, left + x * factor + factor / 2)];
    }
}
