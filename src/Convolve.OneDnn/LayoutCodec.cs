using Convolve.Kernels;
using Convolve.Kernels.Layouts;

namespace Convolve.OneDnn;

/// <summary>Translates layouts into the library's memory descriptors, and back.</summary>
internal abstract class LayoutCodec
{
    /// <summary>A descriptor of a layout, to be given to <see cref="Free"/>.</summary>
    /// <exception cref="KernelLibraryException">The library has no descriptor for it.</exception>
    public abstract nint Encode(Layout layout);

    /// <summary>Frees what <see cref="Encode"/> has made.</summary>
    public abstract void Free(nint descriptor);

    /// <summary>The layout that the library describes.</summary>
    public abstract Layout Decode(nint descriptor);

    /// <summary>The memory that the library takes for a descriptor.</summary>
    public static long SizeOf(nint descriptor) => checked((long)Dnnl.dnnl_memory_desc_get_size(descriptor));

    /// <summary>Whether two descriptors are one to the library.</summary>
    public static bool AreEqual(nint left, nint right) => Dnnl.dnnl_memory_desc_equal(left, right) != 0;
}
