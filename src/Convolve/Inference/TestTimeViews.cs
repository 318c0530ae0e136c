using System.Runtime.InteropServices;
using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;

namespace Convolve.Inference;

/// <summary>Runs a loaded batch in several views, made from the network's input as it was loaded, and averages the logits.</summary>
internal sealed class TestTimeViews : ITeamWork, IDisposable
{
    private readonly (bool Mirrors, int Shift, float Weight)[] _views;
    private readonly Shape _input;
    private readonly TeamTask _task;
    private byte[] _loaded = [];
    private Executor? _pass;
    private (bool Mirrors, int Shift, float Weight) _view;

    /// <exception cref="DatasetException">The input is too small to be moved by a pixel.</exception>
    public TestTimeViews(TestTimeAugmentation augmentation, Shape input)
    {
        (_input, _views) = (input, augmentation switch
        {
            TestTimeAugmentation.Mirror => [(false, 0, .5f), (true, 0, .5f)],
            TestTimeAugmentation.MirrorAndTranslate =>
                [(false, 0, .25f), (true, 0, .25f), (false, -1, .125f), (true, -1, .125f), (false, 1, .125f), (true, 1, .125f)],
            _ => [(false, 0, 1)],
        });
        if (_views.Any(view => view.Shift != 0) && Math.Min(input.Height, input.Width) < 2)
            throw new DatasetException(
                $"An input of {input} can't be shifted by a pixel: there is nothing to fill its border with by reflection. Evaluate " +
                $"without translation.");
        _task = new(this);
    }

    /// <summary>Adds to the logits of each image; on the executor thread, the batch being loaded.</summary>
    /// <param name="pass">The input is another view afterwards.</param>
    /// <param name="logits">[N, classes], zero before.</param>
    public void Run(Executor pass, Span<float> logits)
    {
        _pass = pass;
        if (_views.Length > 1)
        {
            if (_loaded.Length < Input(pass).Length)
                _loaded = new byte[Input(pass).Length];
            Input(pass).CopyTo(_loaded);
        }
        foreach (var view in _views)
        {
            _view = view;
            // The first view is the picture as it was loaded; the pass may have used the memory of its input for something else.
            if (view != _views[0])
                ThreadTeam.Run(_task);
            pass.Run();
            ReadOnlySpan<float> seen = pass.Logits;
            for (int i = 0; i < logits.Length; i++)
                logits[i] += view.Weight * seen[i];
        }
    }

    void ITeamWork.Run(int thread, int threads)
    {
        int planes = _pass!.BatchSize * _input.Channels;
        for (int plane = (int)((long)planes * thread / threads); plane < (int)((long)planes * (thread + 1) / threads); plane++)
        {
            if (IsFloat32(_pass))
                Write<float>(plane);
            else
                Write<ushort>(plane);
        }
    }

    public void Dispose() => _task.Dispose();

    private static bool IsFloat32(Executor pass) => pass.Plan.Options.Precision == Precision.Float32;

    private static Span<byte> Input(Executor pass) => IsFloat32(pass) ? MemoryMarshal.AsBytes(pass.InputFloat32)
        : MemoryMarshal.AsBytes(pass.InputBFloat16);

    // Pixel (y, x) of the view shows what lies a shift below and right of it, mirrored last.
    private void Write<T>(int plane) where T : unmanaged
    {
        int height = _input.Height, width = _input.Width, begin = plane * height * width;
        ReadOnlySpan<T> from = MemoryMarshal.Cast<byte, T>(_loaded).Slice(begin, height * width);
        Span<T> to = MemoryMarshal.Cast<byte, T>(Input(_pass!)).Slice(begin, height * width);
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<T> row = from.Slice(Reflected(y + _view.Shift, height) * width, width);
            Span<T> target = to.Slice(y * width, width);
            for (int x = 0; x < width; x++)
                target[_view.Mirrors ? width - 1 - x : x] = row[Reflected(x + _view.Shift, width)];
        }
    }

    // Beyond an edge, the pixels within it, the edge itself not repeated.
    private static int Reflected(int i, int size) => i < 0 ? -i : i >= size ? 2 * size - 2 - i : i;
}
