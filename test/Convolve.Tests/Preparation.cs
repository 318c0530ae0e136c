using System.Runtime.CompilerServices;
using Convolve.Layers;

namespace Convolve.Tests;

/// <summary>Has the library choose what computes before a test uses threads or memory of the kernels by themselves.</summary>
internal static class Preparation
{
    [ModuleInitializer]
    internal static void Prepare() => RuntimeHelpers.RunModuleConstructor(typeof(Layer).Module.ModuleHandle);
}
