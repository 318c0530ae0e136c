using Convolve.Data;
using Convolve.Data.Transforms;

namespace Convolve.Tests.Data.Transforms;

public sealed class PreviewSheetTests
{
    [Fact]
    public void A_row_has_the_image_its_evaluation_and_its_epochs()
    {
        Dataset set = TestData.Set(10, size: new(3, 20, 24));
        Split split = new("train", set, [.. Enumerable.Range(0, 10)]);
        TransformList transforms = [new RandomCrop(16), new HorizontalFlip(), new MixUp()];
        PreviewSheet sheet = PreviewSheet.Create(split, transforms, null, seed: 4, images: 2, epochs: 3);
        Assert.Equal((new ImageSize(3, 2 * 102 + 6, 5 * 102 + 6), 2, 5), (sheet.Size, sheet.Images, sheet.Columns));
        int[] shown = new BatchSampler(split, 2, 4, shuffle: true).Batch(0, 0).ToArray();
        for (int row = 0; row < 2; row++)
        {
            byte[] pixels = set.PixelsOf(shown[row]).ToArray();
            Assert.Equal(pixels, Cell(sheet, row, 0, 4, new(20, 24)));
            Assert.Equal(Pictures.Apply([new CenterCrop(16)], pixels, set.SizeOf(0)).Pixels, Cell(sheet, row, 1, 6, 16));
            for (uint epoch = 0; epoch < 3; epoch++)
            {
                CounterRandom random = new(4, RandomPurpose.Augmentation, epoch, (uint)shown[row]);
                Picture picture = new(pixels, set.SizeOf(0), PictureScratch.OfThread);
                TransformKernels.Apply(transforms, ref picture, ref random, []);
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
        Assert.Equal((new ImageSize(3, 2 * 230 + 6, 3 * 230 + 6), 2), (sheet.Size, sheet.Images));
    }

    // The pixels of a picture that was enlarged by a factor; what is around it is white.
    private static byte[] Cell(PreviewSheet sheet, int row, int column, int factor, FrameSize size)
    {
        byte[] sheetPixels = sheet.Pixels.ToArray();
        byte At(int c, int y, int x) => sheetPixels[(c * sheet.Size.Height + y) * sheet.Size.Width + x];
        int top = 6 + row * 102 + (96 - size.Height * factor) / 2, left = 6 + column * 102 + (96 - size.Width * factor) / 2;
        for (int c = 0; c < 3; c++)
        {
            Assert.Equal(255, At(c, top - 1, left));
            Assert.Equal(255, At(c, top + size.Height * factor, left));
            Assert.Equal(255, At(c, top, left - 1));
        }
        return [.. from c in Enumerable.Range(0, 3) from y in Enumerable.Range(0, size.Height) from x in Enumerable.Range(0, size.Width)
                   select At(c, top + y * factor + factor / 2, left + x * factor + factor / 2)];
    }
}
