using Convolve.Kernels.Memory;

namespace Convolve.Kernels.Tests.Memory;

/// <summary>The same on the heap, which systems other than Linux use.</summary>
public sealed class HeapBufferTests : NativeBufferTests, IDisposable
{
    private readonly IPages _before = NativeBuffer.Pages;

    public HeapBufferTests() => NativeBuffer.Pages = new HeapPages();

    public void Dispose() => NativeBuffer.Pages = _before;
}
