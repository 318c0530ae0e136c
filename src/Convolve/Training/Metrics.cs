namespace Convolve.Training;

/// <summary>Means over the images of an evaluation, summed in double precision.</summary>
internal struct Metrics
{
    private double _loss;
    private int _images, _correct, _top5;

    public readonly int Images => _images;

    public readonly double Loss => _images == 0 ? 0 : _loss / _images;

    public readonly double Accuracy => _images == 0 ? 0 : (double)_correct / _images;

    public readonly double Top5Accuracy => _images == 0 ? 0 : (double)_top5 / _images;

    /// <summary>Counts one image from its logits. A label whose logit is no number is never right.</summary>
    public void AddLogits(ReadOnlySpan<float> logits, int label)
    {
        float own = logits[label], largest = float.NegativeInfinity;
        int before = 0;
        for (int k = 0; k < logits.Length; k++)
        {
            largest = Math.Max(largest, logits[k]);
            if (logits[k] > own || (logits[k] == own && k < label))
                before++;
        }
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - largest);
        _loss += Math.Log(sum) + largest - own;
        _images++;
        if (float.IsNaN(own) || float.IsNaN(largest))
            return;
        _correct += before == 0 ? 1 : 0;
        _top5 += before < 5 ? 1 : 0;
    }
}
