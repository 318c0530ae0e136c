using Convolve.Execution;

namespace Convolve.Training;

/// <summary>Applies the gradients of a model to its parameters, as flat loops over its arenas.</summary>
public sealed class Optimizer
{
    public Optimizer(Model model, Sgd settings) => throw new NotImplementedException();

    /// <summary>One update with the gradients that <see cref="Model.ForwardBackward"/> left.</summary>
    public void Step(float learningRate) => throw new NotImplementedException();
}
