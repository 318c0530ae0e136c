using Convolve.Execution;
using Convolve.Inspection;
using Convolve.Testing;
using Convolve.Tests.Training;

namespace Convolve.Tests.Inspection;

public class OcclusionTests
{
    private const int Side = TrainingData.Side;

    // One square after the other, over one picture at a time, and the loss by float64's softmax.
    [Theory, InlineData(4, 1), InlineData(5, 3), InlineData(Side, 2), InlineData(1, 1)]
    public void Each_pixel_has_the_mean_fall_of_the_squares_that_cover_it(int window, int stride)
    {
        const int Label = 2;
        using Model model = new(TrainingData.Network, new() { Precision = Convolve.Planning.Precision.Float32 }, seed: 4);
        float[] image = TestTensors.Narrow(TestTensors.Images(TrainingData.Network, 1));
        double Log(float[] input)
        {
            float[] logits = new float[TrainingData.Classes];
            model.Forward(input, logits);
            return logits[Label] - Math.Log(logits.Sum(x => Math.Exp(x)));
        }
        double[] sums = new double[Side * Side];
        int[] counts = new int[Side * Side];
        int[] places = [.. Enumerable.Range(0, Side).Where(at => at % stride == 0 && at < Side - window), Side - window];
        foreach (int top in places)
            foreach (int left in places)
            {
                float[] covered = [.. image];
                int[] pixels = [.. from y in Enumerable.Range(top, window) from x in Enumerable.Range(left, window) select y * Side + x];
                Array.ForEach(pixels, pixel => covered[pixel] = 0);
                double fall = Log(image) - Log(covered);
                foreach (int pixel in pixels)
                    (sums[pixel], counts[pixel]) = (sums[pixel] + fall, counts[pixel] + 1);
            }
        FeatureMaps map = Saliency.Occlusion(model, image, window, stride, Label);
        Assert.Equal((1, Side, Side), (map.Shape.Channels, map.Shape.Height, map.Shape.Width));
        for (int i = 0; i < sums.Length; i++)
            Assert.Equal(sums[i] / counts[i], map.Values[i], 1e-5);
    }

    [Theory, InlineData(0, 1), InlineData(Side + 1, 1), InlineData(4, 5), InlineData(4, 0)]
    public void Squares_that_leave_gaps_or_the_picture_are_refused(int window, int stride)
    {
        using Model model = new(TrainingData.Network);
        Assert.Throws<ArgumentOutOfRangeException>(() => Saliency.Occlusion(model, new float[Side * Side], window, stride, 0));
    }
}
