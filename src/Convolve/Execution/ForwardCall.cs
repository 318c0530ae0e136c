using Convolve.Kernels.Threads;

namespace Convolve.Execution;

/// <summary>
/// A batch on its way through a model, for callers on any thread. Where the pass takes one thread and nobody else runs kernels, the caller
/// runs it, otherwise the executor thread does; the plan is the same, and so are the bits.
/// </summary>
/// <remarks>Each thread keeps one, so that after the first a call allocates nothing.</remarks>
internal sealed class ForwardCall
{
    [ThreadStatic]
    private static ForwardCall? _spare;
    private readonly Action _action;
    private Model? _model;
    private ReadOnlyMemory<float> _images;
    private Memory<float> _logits;
    private int _count;

    private ForwardCall() => _action = Run;

    /// <summary>The logits of a batch.</summary>
    /// <param name="model">Runs it.</param>
    /// <param name="images">[count, C, H, W].</param>
    /// <param name="count">The images.</param>
    /// <param name="logits">Room for [count, classes].</param>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public static void Run(Model model, ReadOnlyMemory<float> images, int count, Memory<float> logits)
    {
        if (TryRunHere(model, images.Span, count, logits.Span, ofSoftmax: false))
            return;
        ForwardCall call = _spare ?? new();
        _spare = null;
        (call._model, call._images, call._count, call._logits) = (model, images, count, logits);
        try
        {
            ThreadTeam.Invoke(call._action);
        }
        finally
        {
            (call._model, call._images, call._logits) = (null, default, default);
            _spare = call;
        }
    }

    /// <summary>Runs a batch on the calling thread, if that is possible.</summary>
    /// <param name="model">Runs it.</param>
    /// <param name="images">[count, C, H, W].</param>
    /// <param name="count">The images.</param>
    /// <param name="result">Room for [count, classes].</param>
    /// <param name="ofSoftmax">Whether the result is that of a final Softmax, where the network has one.</param>
    public static bool TryRunHere(Model model, ReadOnlySpan<float> images, int count, Span<float> result, bool ofSoftmax)
    {
        if (!ThreadTeam.TryBegin())
            return false;
        try
        {
            if (model.FindForOneThread(count) is not { } pass)
                return false;
            Run(pass, images, result, ofSoftmax);
            return true;
        }
        finally
        {
            ThreadTeam.End();
        }
    }

    /// <summary>The same with a pass; on the executor thread or in its place.</summary>
    public static void Run(Executor pass, ReadOnlySpan<float> images, Span<float> result, bool ofSoftmax)
    {
        pass.Write(images);
        pass.Run();
        (ofSoftmax ? pass.Output : pass.Logits).CopyTo(result);
    }

    private void Run()
    {
        Run(_model!.Evaluation(_count), _images.Span, _logits.Span, ofSoftmax: false);
    }
}
