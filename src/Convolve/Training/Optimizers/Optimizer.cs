using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;

namespace Convolve.Training.Optimizers;

/// <summary>Applies the gradients of a model to its parameters, as flat loops over its arenas.</summary>
internal sealed class Optimizer : IDisposable
{
    private readonly Model _model;
    private readonly List<NativeBuffer> _states = [];
    private readonly IReadOnlyList<string> _stateNames;
    private readonly UpdateKernel _kernel;
    private readonly TeamTask _task;
    private readonly GradientClipping _clipping;
    private readonly GradientNormKernel? _norm;
    private readonly JoinNorms? _joinNorms;

    /// <param name="model">Made for training.</param>
    /// <param name="settings">The rule; the learning rate comes with each step.</param>
    /// <param name="clipping">What is done to the gradients first; null for nothing.</param>
    /// <param name="rates">Factors of the learning rate for some layers; null for none.</param>
    /// <param name="joinNorms">Where the model is a part of a network: makes lengths of the whole's vectors of those of the part's. Null
    /// for a whole network.</param>
    /// <exception cref="RecipeException">A setting is out of range, or names a layer that is not there.</exception>
    /// <exception cref="InvalidOperationException">The model was made for evaluation only.</exception>
    public Optimizer(Model model, OptimizerSettings settings, GradientClipping? clipping = null, LayerRates? rates = null,
        JoinNorms? joinNorms = null)
    {
        settings.Validate();
        clipping?.Validate();
        model.RequireTraining();
        ParameterStore store = model.Store;
        (_model, _stateNames, _clipping, _joinNorms) = (model, settings.States, clipping ?? new(), joinNorms);
        Func<string, float>? factorOf = rates is null or { IsNone: true } ? null : rates.For(model.Graph);
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
        _kernel.RateFactors = factorOf is null ? null : [.. store.Plan.Slots.Select(s => factorOf(s.Name))];
        _norm = _clipping.Norm is null ? null : new(store.Gradients,
            [.. store.Plan.RangesOf(slot => slot.IsLearned).Where((_, i) => _kernel.RateFactors?[i] != 0)]);
        _task = new(_kernel);
    }

    /// <summary>Memory of the optimizer's state.</summary>
    public long MemoryBytes => _states.Sum(s => s.Bytes);

    /// <summary>The updates done so far.</summary>
    public long Steps { get; internal set; }

    /// <summary>What is kept for each weight: its name, such as "velocity", and its arena, laid out as the weights.</summary>
    internal IEnumerable<(string Name, NativeBuffer Arena)> States => _stateNames.Zip(_states);

    /// <summary>
    /// The length of the gradients of all layers that learn, as one vector, before any clipping, at the last update; null where they are
    /// not clipped by it.
    /// </summary>
    public double? GradientNorm { get; private set; }

    /// <summary>Whether all weights that the last update changed are finite.</summary>
    public bool LeftFiniteWeights => !_kernel.HasNonFinite;

    /// <summary>One update with the gradients that the last training pass left.</summary>
    public void Step(float learningRate)
    {
        if (!ThreadTeam.IsExecutor)
        {
            StepElsewhere(learningRate);
            return;
        }
        _model.UseTeam(); // the norm is a sum of the threads' sums
        float scale = 1;
        if (_norm is not null)
        {
            double norm = _norm.Measure();
            _joinNorms?.Invoke(new(ref norm));
            (GradientNorm, scale) = (norm, _clipping.ScaleOf(norm));
        }
        _kernel.Step = new(learningRate, ++Steps) { GradientScale = scale, GradientLimit = _clipping.Value ?? float.PositiveInfinity };
        _kernel.HasNonFinite = false;
        if (_kernel.Norms is { } norms)
        {
            norms.Measure(_kernel.Step);
            _joinNorms?.Invoke(norms.WeightNorms);
            _joinNorms?.Invoke(norms.GradientNorms);
        }
        ThreadTeam.Run(_task);
        _model.Store.MarkUpdated();
    }

    /// <summary>Makes it as new: nothing is kept of earlier updates.</summary>
    internal void Forget()
    {
        _states.ForEach(s => s.Clear());
        Steps = 0;
    }

    // Apart, because what a lambda captures is allocated where its method begins.
    private void StepElsewhere(float learningRate) => ThreadTeam.Invoke(() => Step(learningRate));

    public void Dispose() => ThreadTeam.Invoke(() =>
    {
        _task.Dispose();
        _norm?.Dispose();
        _kernel.Norms?.Dispose();
        _states.ForEach(s => s.Dispose());
    });
}

/// <summary>Makes lengths of a whole network's vectors of those of a part's, in place.</summary>
internal delegate void JoinNorms(Span<double> norms);
