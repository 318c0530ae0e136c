using System.Text.Json;

namespace Convolve.Diagnosis;

/// <summary>The causes that the doctor names; in an order in which an earlier one explains a later one.</summary>
internal enum Fault
{
    /// <summary>Pictures without any content: every pixel has the same value.</summary>
    ConstantImages,

    /// <summary>Pixels that use a few of the 256 values: scaled before they were saved.</summary>
    PixelRange,

    /// <summary>Training and test pictures of other brightness or contrast.</summary>
    TestDiffers,

    /// <summary>A class without training pictures.</summary>
    MissingClass,

    /// <summary>Weights that start alike, so that all units of a layer learn the same.</summary>
    ConstantWeights,

    /// <summary>An activation, or dropout, on the logits.</summary>
    OutputActivation,

    /// <summary>A softmax that isn't the last layer.</summary>
    InnerSoftmax,

    /// <summary>Layers that keep the weights they started with at random.</summary>
    FrozenLayers,

    /// <summary>Two weighted layers with nothing nonlinear between them.</summary>
    MissingActivation,

    /// <summary>Two activations in a row.</summary>
    DoubleActivation,

    /// <summary>Pooling or strides that leave nothing for the layers behind them.</summary>
    TooMuchPooling,

    /// <summary>Windows that skip pixels.</summary>
    SkippedPixels,

    /// <summary>A layer with too few values to tell the classes apart.</summary>
    Bottleneck,

    /// <summary>Running averages that don't get to where the batches are.</summary>
    BatchNormMomentum,

    /// <summary>Batch normalization over too few images.</summary>
    BatchNormBatch,

    /// <summary>A learning rate that is near 0 for most of the run.</summary>
    ScheduleDecay,

    /// <summary>Input that isn't normalized.</summary>
    InputScale,

    /// <summary>Biases that start far from 0.</summary>
    BiasStart,

    /// <summary>Weights that start too large or too small.</summary>
    WeightScale,

    /// <summary>Activations that saturate because the weights start too large.</summary>
    SaturatedActivations,

    /// <summary>Activations that grow from layer to layer.</summary>
    ExplodingActivations,

    /// <summary>Gradients that vanish in saturating activations.</summary>
    VanishingGradient,

    /// <summary>Momentum too near to 1.</summary>
    MomentumTooHigh,

    /// <summary>An epsilon that swallows the steps.</summary>
    EpsilonTooLarge,

    /// <summary>Gradients that are clipped to nearly nothing.</summary>
    ClippedTooShort,

    /// <summary>Layer factors that keep layers from learning.</summary>
    LayerRateTooLow,

    /// <summary>Weight decay that wins over the data.</summary>
    WeightDecayTooHigh,

    /// <summary>Dropout that leaves too little.</summary>
    DropoutTooHigh,

    /// <summary>Transforms that destroy what the classes differ in.</summary>
    AugmentationTooStrong,

    /// <summary>Class weights that make one class the answer to everything.</summary>
    ClassWeightsTooUneven,

    /// <summary>Label smoothing that leaves no label.</summary>
    SmoothingTooHigh,

    /// <summary>A learning rate too high.</summary>
    RateTooHigh,

    /// <summary>A learning rate too low.</summary>
    RateTooLow,

    /// <summary>Units that are 0 for every picture.</summary>
    DeadUnits,

    /// <summary>Labels that have nothing to do with the pictures.</summary>
    ShuffledLabels,

    /// <summary>A share of wrong labels.</summary>
    WrongLabels,

    /// <summary>Classes of very different size.</summary>
    Imbalance,

    /// <summary>Too few updates.</summary>
    FewUpdates,

    /// <summary>A loss that goes up and down from epoch to epoch.</summary>
    Oscillating,

    /// <summary>Learning by heart.</summary>
    Overfitting,

    /// <summary>A run that ended while it was still getting better.</summary>
    TooFewEpochs,

    /// <summary>A network that can't learn even one batch, for a reason that none of the others is.</summary>
    Unlearnable,
}

/// <summary>Names of faults as JSON and documents have them.</summary>
internal static class Faults
{
    /// <summary>Such as "rate-too-high".</summary>
    public static string Name(this Fault fault) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{fault}");
}
