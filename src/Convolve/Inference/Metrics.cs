using Convolve.Evaluations;

namespace Convolve.Inference;

/// <summary>Means over the images of an evaluation, summed in double precision.</summary>
internal struct Metrics
{
    private double _loss;
    private int _images, _correct, _top5;

    public readonly int Images => _images;

    public readonly double Loss => _images == 0 ? 0 : _loss / _images;

    public readonly double Accuracy => _images == 0 ? 0 : (double)_correct / _images;

    /// <summary>Null where it says nothing, as with five classes.</summary>
    public readonly double? Top5Accuracy(int classes) => TopFive.Share(_top5, _images, classes);

    /// <summary>Counts one image from its logits. A label whose logit is NaN is never right.</summary>
    public void AddLogits(ReadOnlySpan<float> logits, int label)
    {
        LogitScore score = LogitScore.Of(logits, label);
        _loss += score.Loss;
        _images++;
        _correct += score.Rank == 0 ? 1 : 0;
        _top5 += score.Rank < 5 ? 1 : 0;
    }
}
