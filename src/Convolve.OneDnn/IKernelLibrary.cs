namespace Convolve.OneDnn;

/// <summary>What the CPU can do, as the kernel library sees it.</summary>
public enum InstructionSet
{
    Sse41,
    Avx,
    Avx2,
    Avx512,
    Avx512Vnni,

    /// <summary>AVX-512 with native bfloat16.</summary>
    Avx512BFloat16,
}

/// <summary>
/// Everything that the rest of the program asks of a kernel library: two verbs over operations that are data. A second version of oneDNN is
/// a second implementation of this interface.
/// </summary>
public interface IKernelLibrary
{
    /// <summary>Such as "oneDNN 2.6.3".</summary>
    string Name { get; }

    InstructionSet InstructionSet { get; }

    /// <summary>What a kernel would be, without keeping it; null where the library has none for the operation.</summary>
    /// <exception cref="KernelLibraryException">The operation is wrong.</exception>
    KernelDescription? Describe(Operation operation);

    /// <summary>Makes a kernel.</summary>
    /// <param name="operation">What it computes.</param>
    /// <param name="label">The layer that it belongs to; errors name it.</param>
    /// <exception cref="KernelLibraryException">The library has none, or ran out of memory.</exception>
    Kernel Compile(Operation operation, string label);
}

/// <summary>How fast a kernel is for its operation, slowest first.</summary>
public enum Speed
{
    /// <summary>The library has no kernel.</summary>
    None,

    /// <summary>One element after another: 10 to 300 times slower than the fastest.</summary>
    Reference,

    /// <summary>For any shape, such as a convolution by way of a matrix product.</summary>
    Generic,

    /// <summary>Made for the shape and the processor.</summary>
    Tuned,
}

/// <summary>What the library chose for an operation.</summary>
/// <param name="Implementation">Its own name, such as "jit:avx512_core": to print, never to decide by.</param>
/// <param name="Speed">How fast it is; never <see cref="Speed.None"/>.</param>
/// <param name="Layouts">Of every argument, workspace included.</param>
/// <param name="ScratchpadBytes">Memory that it needs while it runs.</param>
public sealed record KernelDescription(string Implementation, Speed Speed, IReadOnlyDictionary<Argument, Layout> Layouts,
    long ScratchpadBytes)
{
    public Layout this[Argument argument] => Layouts[argument];
}

/// <summary>A kernel with the memory it works on. Binding is done once; executing allocates nothing.</summary>
public abstract class Kernel : IDisposable
{
    /// <summary>Says where an argument lies.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It would leave the buffer.</exception>
    public abstract void Bind(Argument argument, Layout layout, NativeBuffer buffer, long offset);

    /// <summary>Says where the scratchpad lies.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It would leave the buffer, or the bytes that are free there do not
    /// suffice.</exception>
    public abstract void BindScratchpad(NativeBuffer buffer, long offset, long bytes);

    /// <summary>Runs on the executor thread, and returns when the result is there.</summary>
    /// <exception cref="KernelLibraryException">The library refused.</exception>
    public abstract void Execute();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}

/// <summary>The kernel library of this process.</summary>
public static class KernelLibrary
{
    private static readonly Lazy<IKernelLibrary> Loaded = new(() => new OneDnn2());

    /// <summary>Loads the library at the first call.</summary>
    /// <exception cref="KernelLibraryException">It is not installed, or of a version that is not known.</exception>
    public static IKernelLibrary Current => Substitute ?? Loaded.Value;

    /// <summary>Takes the library's place where it is not null: tests run plans with it that this machine has no kernels for.</summary>
    internal static IKernelLibrary? Substitute { get; set; }
}
