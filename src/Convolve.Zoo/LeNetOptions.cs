using Convolve.Layers;

namespace Convolve.Zoo;

/// <summary>What may be chosen in <see cref="LeNet5.Create"/>.</summary>
public sealed record LeNetOptions
{
    /// <summary>The shape of one image; 1x28x28 by default, at least 12 rows and columns.</summary>
    public Shape Input { get; init; } = (1, 28, 28);

    /// <summary>Behind every layer but the pools and the last; ReLU by default, sigmoid in the D2L book, tanh in 1998.</summary>
    public Activation Activation { get; init; } = new ReLU();

    /// <summary>Maximum by default; the D2L book takes the mean.</summary>
    public Pool2d Pooling { get; init; } = new MaxPool2d(2);

    /// <summary>Of the two convolutions; 2 and 0 by default, as in the D2L book.</summary>
    public (Padding First, Padding Second) Padding { get; init; } = (2, 0);

    /// <summary>The probability of the dropout behind the first fully connected layer, in [0, 1); 0, the default, leaves it out.</summary>
    public float Dropout { get; init; }
}
