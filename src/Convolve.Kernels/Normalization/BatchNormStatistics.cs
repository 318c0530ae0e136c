namespace Convolve.Kernels.Normalization;

//     for each channel:  for each thread: join its sums
//
// partials  [thread][2][channel]  float32; statistics [4][channel]  float32: mean, 1 / deviation, scale, shift
// Registers: the sums of a channel, float64. L1: all of it. Bound: a few divisions a channel, by one thread.

/// <summary>Between the passes: one thread, one channel after the other, in float64.</summary>
internal static unsafe partial class BatchNormKernels
{
    /// <summary>The statistics of the whole batch from those of the threads, and the running averages with them.</summary>
    /// <param name="shape">The batch.</param>
    /// <param name="partials">The sums of every thread, one behind the other.</param>
    /// <param name="threads">How many there are.</param>
    /// <param name="weight">One number a channel.</param>
    /// <param name="bias">One number a channel.</param>
    /// <param name="eps">What is added to the variance.</param>
    /// <param name="momentum">The share of this batch in the running averages.</param>
    /// <param name="runningMean">One number a channel.</param>
    /// <param name="runningVariance">One number a channel.</param>
    /// <param name="statistics">The result.</param>
    public static void Conclude(in BatchNormShape shape, float* partials, int threads, float* weight, float* bias, float eps,
        float momentum,
        float* runningMean, float* runningVariance, float* statistics)
    {
        int padded = shape.PaddedChannels;
        for (int c = 0; c < padded; c++)
        {
            double count = 0, mean = 0, squares = 0;
            for (int t = 0; t < threads; t++)
            {
                double part = ((long)shape.Batch * (t + 1) / threads - (long)shape.Batch * t / threads) * shape.Pixels;
                if (part == 0)
                    continue;
                double delta = partials[t * shape.PartialFloats + c] - mean;
                squares += partials[t * shape.PartialFloats + padded + c] + delta * delta * count * part / (count + part);
                mean += delta * part / (count + part);
                count += part;
            }
            if (c < shape.Channels && shape.Count > 1)
            {
                runningMean[c] = (float)((1 - momentum) * runningMean[c] + momentum * mean);
                runningVariance[c] = (float)((1 - momentum) * runningVariance[c] + momentum * squares / (count - 1));
            }
            Set(shape, c, mean, squares / count, weight, bias, eps, statistics);
        }
    }

    /// <summary>The statistics that evaluation uses: the running averages.</summary>
    public static void Recall(in BatchNormShape shape, float* weight, float* bias, float eps, float* runningMean, float* runningVariance,
        float* statistics)
    {
        for (int c = 0; c < shape.PaddedChannels; c++)
            Set(shape, c, c < shape.Channels ? runningMean[c] : 0, c < shape.Channels ? runningVariance[c] : 0, weight, bias, eps,
                statistics);
    }

    /// <summary>
    /// The gradients of weight and bias from the threads' sums; the first thread's sums become the means that <c>ApplyDiff</c>
    /// takes. The two gradients may be null.
    /// </summary>
    public static void ConcludeDiff(in BatchNormShape shape, float* partials, int threads, float* diffWeight, float* diffBias)
    {
        int padded = shape.PaddedChannels;
        for (int c = 0; c < padded; c++)
        {
            double sum = 0, product = 0;
            for (int t = 0; t < threads; t++)
            {
                sum += partials[t * shape.PartialFloats + c];
                product += partials[t * shape.PartialFloats + padded + c];
            }
            if (c < shape.Channels && diffBias is not null)
                (diffBias[c], diffWeight[c]) = ((float)sum, (float)product);
            (partials[c], partials[padded + c]) = ((float)(sum / shape.Count), (float)(product / shape.Count));
        }
    }

    private static void Set(in BatchNormShape shape, int channel, double mean, double variance, float* weight, float* bias, float eps,
        float* statistics)
    {
        int padded = shape.PaddedChannels;
        bool exists = channel < shape.Channels;
        double inverse = 1 / Math.Sqrt(variance + eps), scale = exists ? weight[channel] * inverse : 0;
        statistics[channel] = (float)mean;
        statistics[padded + channel] = (float)inverse;
        statistics[2 * padded + channel] = (float)scale;
        statistics[3 * padded + channel] = exists ? (float)(bias[channel] - mean * scale) : 0;
    }
}
