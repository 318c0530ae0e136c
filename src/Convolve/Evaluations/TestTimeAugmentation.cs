namespace Convolve.Evaluations;

/// <summary>In how many views a network looks at each picture; its answer is the mean of the logits.</summary>
public enum TestTimeAugmentation
{
    /// <summary>One: the picture.</summary>
    None,

    /// <summary>Two: the picture and its mirror image, left to right.</summary>
    Mirror,

    /// <summary>
    /// Six: the picture, and the picture moved by a pixel of the network's input, up and left or down and right, the border filled by
    /// reflection; each of them also mirrored. The two that are not moved have half of the weight. Source: Jordan 2024, airbench94 (its
    /// tta_level 2).
    /// </summary>
    MirrorAndTranslate,
}
