using System.Runtime.CompilerServices;
using Convolve.OneDnn;

namespace Convolve.Execution;

/// <summary>The one place that says what computes.</summary>
internal static class Backend
{
#pragma warning disable CA2255 // the choice must stand before the first kernel, whoever asks for it
    [ModuleInitializer]
    internal static void Choose() => OneDnnBackend.Choose();
#pragma warning restore CA2255
}
