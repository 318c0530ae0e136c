using System.Runtime.CompilerServices;
using Convolve.Layers;

namespace Convolve.Tests;

/// <summary>Has the library choose what computes before a test uses threads or memory of the kernels by themselves.</summary>
internal static class Backend
{
    [ModuleInitializer]
    internal static void Choose() => RuntimeHelpers.RunModuleConstructor(typeof(Layer).Module.ModuleHandle);
}
