using Convolve.Execution;
using Convolve.OneDnn;

namespace Convolve.Training;

/// <summary>Applies the gradients of a model to its parameters, as flat loops over its arenas.</summary>
public sealed class Optimizer : IDisposable
{
    private readonly Model _model;
    private readonly NativeBuffer _velocity;
    private readonly SgdKernel _kernel;
    private readonly TeamTask _task;

    /// <param name="model">Made for training.</param>
    /// <param name="settings">Momentum and weight decay; the learning rate comes with each step.</param>
    /// <exception cref="RecipeException">A setting is out of range.</exception>
    /// <exception cref="InvalidOperationException">The model was made for evaluation only.</exception>
    public Optimizer(Model model, Sgd settings)
    {
        settings.Validate();
        model.RequireTraining();
        ParameterStore store = model.Store;
        _model = model;
        _velocity = new(settings.Momentum != 0 ? store.Plan.Bytes : 0, "the optimizer's velocities");
        _kernel = new(store, _velocity, new(0, settings.WeightDecay, settings.Momentum, settings.Nesterov),
            new(0, settings.DecaysBiases ? settings.WeightDecay : 0, settings.Momentum, settings.Nesterov));
        _task = new(_kernel);
    }

    /// <summary>Memory of the optimizer's state.</summary>
    public long MemoryBytes => _velocity.Bytes;

    /// <summary>One update with the gradients that the last training pass left.</summary>
    public void Step(float learningRate)
    {
        if (!ThreadTeam.IsExecutor)
        {
            StepElsewhere(learningRate);
            return;
        }
        _kernel.LearningRate = learningRate;
        ThreadTeam.Run(_task);
        _model.Store.MarkUpdated();
    }

    // Apart, because what a lambda captures is allocated where its method begins.
    private void StepElsewhere(float learningRate) => ThreadTeam.Invoke(() => Step(learningRate));

    public void Dispose()
    {
        _task.Dispose();
        _velocity.Dispose();
    }
}
