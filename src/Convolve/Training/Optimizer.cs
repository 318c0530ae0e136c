using Convolve.Execution;
using Convolve.OneDnn;

namespace Convolve.Training;

/// <summary>Applies the gradients of a model to its parameters, as flat loops over its arenas.</summary>
public sealed class Optimizer : IDisposable
{
    private readonly Model _model;
    private readonly List<NativeBuffer> _states = [];
    private readonly IReadOnlyList<string> _stateNames;
    private readonly UpdateKernel _kernel;
    private readonly TeamTask _task;

    /// <param name="model">Made for training.</param>
    /// <param name="settings">The rule; the learning rate comes with each step.</param>
    /// <exception cref="RecipeException">A setting is out of range.</exception>
    /// <exception cref="InvalidOperationException">The model was made for evaluation only.</exception>
    public Optimizer(Model model, OptimizerSettings settings)
    {
        settings.Validate();
        model.RequireTraining();
        ParameterStore store = model.Store;
        (_model, _stateNames) = (model, settings.States);
        try
        {
            foreach (string state in _stateNames)
                _states.Add(new(store.Plan.Bytes, $"the optimizer's {state}"));
        }
        catch
        {
            _states.ForEach(s => s.Dispose());
            throw;
        }
        _kernel = settings.CreateKernel(store, _states);
        _task = new(_kernel);
    }

    /// <summary>Memory of the optimizer's state.</summary>
    public long MemoryBytes => _states.Sum(s => s.Bytes);

    /// <summary>The updates done so far.</summary>
    public long Steps { get; internal set; }

    /// <summary>What is kept for each weight: its name, such as "velocity", and its arena, laid out as the weights.</summary>
    internal IEnumerable<(string Name, NativeBuffer Arena)> States => _stateNames.Zip(_states);

    /// <summary>One update with the gradients that the last training pass left.</summary>
    public void Step(float learningRate)
    {
        if (!ThreadTeam.IsExecutor)
        {
            StepElsewhere(learningRate);
            return;
        }
        _kernel.Step = new(learningRate, ++Steps);
        ThreadTeam.Run(_task);
        _model.Store.MarkUpdated();
    }

    // Apart, because what a lambda captures is allocated where its method begins.
    private void StepElsewhere(float learningRate) => ThreadTeam.Invoke(() => Step(learningRate));

    public void Dispose()
    {
        _task.Dispose();
        _states.ForEach(s => s.Dispose());
    }
}
