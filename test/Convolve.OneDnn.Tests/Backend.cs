using System.Runtime.CompilerServices;

namespace Convolve.OneDnn.Tests;

internal static class Backend
{
    [ModuleInitializer]
    internal static void Choose() => OneDnnBackend.Choose();
}
