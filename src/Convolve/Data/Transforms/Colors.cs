
namespace Convolve.Data.Transforms;

/// <summary>Changes brightness, contrast, saturation and hue by random factors, in random order.</summary>
/// <remarks>
/// Source: torchvision's ColorJitter. The first three to the bit what Pillow's ImageEnhance does; the hue turns without Pillow's rounding
/// to 255 hues. Gray images have no saturation and no hue: those must be 0.
/// </remarks>
internal sealed record ColorJitter : Transform
{
    /// <param name="strength">Brightness, contrast and saturation, at least 0: factors come from [max(0, 1 - strength), 1 +
    /// strength].</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public ColorJitter(float strength = 0) => (Brightness, Contrast, Saturation) = (strength, strength, strength);

    /// <summary>Brightness factors come from [max(0, 1 - this), 1 + this]; 0 leaves it alone.</summary>
    public float Brightness
    {
        get;
        init => field = Within("color-jitter", "the brightness", value, 0, 100);
    }

    /// <summary>Contrast factors, likewise: about the mean gray of the image.</summary>
    public float Contrast
    {
        get;
        init => field = Within("color-jitter", "the contrast", value, 0, 100);
    }

    /// <summary>Saturation factors, likewise: about the gray of each pixel.</summary>
    public float Saturation
    {
        get;
        init => field = Within("color-jitter", "the saturation", value, 0, 100);
    }

    /// <summary>The hue turns by up to this share of the circle to either side, 0 to 0.5; default 0.</summary>
    public float Hue
    {
        get;
        init => field = Within("color-jitter", "the hue", value, 0, 0.5f);
    }

    public override ImageSize Infer(ImageSize image)
    {
        if (Saturation > 0 || Hue > 0)
            RequireColors(image, Brightness > 0 || Contrast > 0 ? $"Grayscale images take {this with { Saturation = 0, Hue = 0 }}."
                : "Leave it out.");
        return image;
    }
}

/// <summary>Adds the colors that vary most over the training images, by random amounts: AlexNet's augmentation of the light.</summary>
/// <remarks>
/// Adds sum over i of p_i a_i l_i to red, green and blue of every pixel, where p_i and l_i are the eigenvectors and eigenvalues of the
/// covariance of the training pixels (in units of byte / 255), and a_i is normal with deviation <see cref="Std"/>, once per image.
/// Source: Krizhevsky, Sutskever, Hinton, 2012, section 4.1. Those are computed from the training split and stored with the recipe.
/// </remarks>
internal sealed record Lighting : Transform
{
    /// <param name="std">The deviation of the amounts, 0 to 10; the paper has 0.1.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public Lighting(float std = 0.1f) => Std = Within("lighting", "the deviation", std, 0, 10);

    /// <summary>The deviation of the amounts.</summary>
    public float Std { get; }

    /// <summary>The colors of the training split; null until they are computed.</summary>
    public ColorComponents? Components { get; init; }

    public override ImageSize Infer(ImageSize image)
    {
        RequireColors(image, "Leave lighting out.");
        return image;
    }
}

/// <summary>Adds noise to every value.</summary>
/// <remarks>Source: torchvision's GaussianNoise, of bytes: clipped and rounded.</remarks>
internal sealed record Noise : Transform
{
    /// <param name="std">The standard deviation, in units of byte / 255, 0 to 1.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public Noise(float std) => Std = Within("noise", "the deviation", std, 0, 1);

    /// <summary>The standard deviation, in units of byte / 255.</summary>
    public float Std { get; }
}

/// <summary>What an erased part of an image shows.</summary>
internal enum ErasedFill
{
    /// <summary>The mean color that normalization subtracts: the network sees 0, as with torchvision's default.</summary>
    Mean,

    /// <summary>Random bytes.</summary>
    Random,

    /// <summary>Black.</summary>
    Zero,
}

/// <summary>Puts a rectangle over a random part of the image by chance.</summary>
/// <remarks>Source: Zhong et al., "Random erasing data augmentation", 2017; torchvision's RandomErasing.</remarks>
internal sealed record RandomErasing : Transform
{
    private const string Kind = "random-erasing";

    /// <param name="probability">How often, in [0, 1].</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public RandomErasing(float probability = 0.5f) => Probability = Within(Kind, "the probability", probability, 0, 1);

    /// <summary>How often, in [0, 1].</summary>
    public float Probability { get; }

    /// <summary>The share of the image's area, in (0, 1); default 0.02 to 0.33.</summary>
    public NumberRange Scale
    {
        get;
        init => field = Within(Kind, "scale", value, 1e-4f, 1);
    } = new(0.02f, 0.33f);

    /// <summary>Height by width of the rectangle; default 0.3 to 3.3.</summary>
    public NumberRange Ratio
    {
        get;
        init => field = Within(Kind, "ratio", value, 0.01f, 100);
    } = new(0.3f, 3.3f);

    /// <summary>What is there instead; default the mean.</summary>
    public ErasedFill Fill { get; init; }
}

/// <summary>Blends pairs of a batch's images, and their labels with them.</summary>
/// <remarks>
/// x = l x_i + (1 - l) x_j and the same for the targets, l from Beta(alpha, alpha), once per batch; image i of the batch is paired with the
/// i-th from its end. Source: Zhang et al., "mixup: beyond empirical risk minimization", 2017.
/// </remarks>
internal sealed record MixUp : Transform
{
    /// <param name="alpha">The Beta distribution's parameter, 0.001 to 1000; small: mostly one image, large: mostly halves.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public MixUp(float alpha = 0.2f) => Alpha = Within("mixup", "alpha", alpha, 0.001f, 1000);

    /// <summary>The Beta distribution's parameter.</summary>
    public float Alpha { get; }

    /// <summary>The share of the batches that are mixed, in [0, 1]; default 1.</summary>
    public float Probability
    {
        get;
        init => field = Within("mixup", "the probability", value, 0, 1);
    } = 1;

    public override bool MixesBatch => true;
}

/// <summary>Pastes a rectangle of another image of the batch into each, and mixes the labels by the areas.</summary>
/// <remarks>
/// The area that stays is from Beta(alpha, alpha), the place uniform, once per batch; pairs as in <see cref="MixUp"/>.
/// Source: Yun et al., "CutMix", 2019, section 3.2. With both in a list, each batch gets one of them, by chance.
/// </remarks>
internal sealed record CutMix : Transform
{
    /// <param name="alpha">The Beta distribution's parameter, 0.001 to 1000; 1 is uniform.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public CutMix(float alpha = 1) => Alpha = Within("cutmix", "alpha", alpha, 0.001f, 1000);

    /// <summary>The Beta distribution's parameter.</summary>
    public float Alpha { get; }

    /// <summary>The share of the batches that are mixed, in [0, 1]; default 1.</summary>
    public float Probability
    {
        get;
        init => field = Within("cutmix", "the probability", value, 0, 1);
    } = 1;

    public override bool MixesBatch => true;
}
