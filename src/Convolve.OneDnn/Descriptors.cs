using Convolve.Kernels.Layouts;

namespace Convolve.OneDnn;

/// <summary>The memory descriptors that a call of the library takes; it keeps none of them. Disposing frees them.</summary>
internal sealed class Descriptors(LayoutCodec codec) : IDisposable
{
    private readonly List<nint> _made = [];

    /// <summary>A descriptor of a layout; 0 for no layout, which the library takes for none.</summary>
    public nint this[Layout? layout]
    {
        get
        {
            if (layout is null)
                return 0;
            nint descriptor = codec.Encode(layout);
            _made.Add(descriptor);
            return descriptor;
        }
    }

    public void Dispose()
    {
        foreach (nint descriptor in _made)
            codec.Free(descriptor);
        _made.Clear();
    }
}
