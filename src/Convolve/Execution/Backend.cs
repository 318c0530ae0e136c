using System.Runtime.CompilerServices;
using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Managed;
using Convolve.Kernels.Threads;

namespace Convolve.Execution;

/// <summary>Chooses the kernel library.</summary>
internal static class Backend
{
    /// <summary>The environment variable that chooses the kernels, unless something else does.</summary>
    public const string Variable = "CONVOLVE_KERNELS";

    private static KernelChoice? _choice;
    private static bool _isChosen;
    private static readonly Lazy<IAccelerator?> Native = new(FindNative);
    private static readonly Lazy<IKernelLibrary?> Accelerator = new(() => Choice == KernelChoice.Managed ? null : Native.Value?.Load());

    /// <summary>Why there is no native kernel library here, and how to get one.</summary>
    public static string Missing => Native.Value?.Missing
        ?? "This program was built without oneDNN. Add the package to its project: dotnet add package Convolve.OneDnn";

    /// <summary>Which kernels compute in this process.</summary>
    /// <exception cref="KernelLibraryException">The environment asks for kernels that do not exist.</exception>
    public static KernelChoice Choice => _choice ??= FromEnvironment();

    /// <summary>Chooses the kernels. Call it before anything uses one.</summary>
    public static void Choose(KernelChoice choice) => (_choice, _isChosen) = (choice, true);

    /// <summary>
    /// Computes with what a run was computed with, so that it resumes with the same bits, unless the user chose or oneDNN is missing.
    /// </summary>
    /// <param name="library">Its name, as environment.json has it.</param>
    public static void Keep(string library)
    {
        if (!_isChosen && Environment.GetEnvironmentVariable(Variable) is null or "")
            _choice = library == ManagedKernels.LibraryName ? KernelChoice.Managed
                : library.EndsWith(ManagedKernels.LibraryName, StringComparison.Ordinal) || Accelerator.Value is null ? KernelChoice.Auto
                : KernelChoice.OneDnn;
    }

#pragma warning disable CA2255 // the choice must be made before the first kernel, whoever asks for it
    [ModuleInitializer]
    internal static void Prepare()
#pragma warning restore CA2255
    {
        KernelLibrary.Load = Load;
        ThreadTeam.LoadTeam = () => Accelerator.Value is null ? null : Native.Value!.Team;
    }

    // The package Convolve.OneDnn is optional. A constant name is seen by the trimmer, which keeps the type where the package is there.
    private static IAccelerator? FindNative()
    {
        Type? type = Type.GetType("Convolve.OneDnn.OneDnnBackend, Convolve.OneDnn");
        return type is null ? null : (IAccelerator)Activator.CreateInstance(type)!;
    }

    private static IKernelLibrary Load()
    {
        if (Choice == KernelChoice.OneDnn)
            return Accelerator.Value ?? throw new KernelLibraryException(Missing);
        return Accelerator.Value is { } native ? CompositeLibrary.With(native) : new ManagedKernels();
    }

    private static KernelChoice FromEnvironment() => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" or "auto" => KernelChoice.Auto,
        "managed" => KernelChoice.Managed,
        "onednn" => KernelChoice.OneDnn,
        string other => throw new KernelLibraryException(
            $"{Variable} is \"{other}\", but it can be auto, managed or onednn. Set it to one of these, or unset it."),
    };
}
