using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Convolve.OnnxRuntime;

/// <summary>
/// Finds ONNX Runtime's library: beside the program, where <see cref="Variable"/> says, or in the package that the .NET SDK downloaded.
/// </summary>
internal static class NativeRuntime
{
    /// <summary>Names the library's file.</summary>
    public const string Variable = "CONVOLVE_ONNXRUNTIME";

    private const string Name = "onnxruntime", Package = "Microsoft.ML.OnnxRuntime", PackagesVariable = "NUGET_PACKAGES";

    private static readonly Lazy<nint> Handle = new(Find);

    /// <summary>Loads it, before anything else of ONNX Runtime is used.</summary>
    /// <exception cref="OnnxException">It isn't there.</exception>
    public static void Require()
    {
        if (Handle.Value == 0)
            throw new OnnxException(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file
                ? $"{Variable} is {file}, which is not ONNX Runtime {Version} for this system. Set it to the library's file."
                : $"ONNX Runtime is not installed. Get it with `dotnet package download {Package}@{Version} -o " +
                    $"{PackagesFolder}`, or set {Variable} to its library ({FileName}).");
    }

    private static string Version => typeof(InferenceSession).Assembly.GetName().Version!.ToString(3);

    private static string FileName => OperatingSystem.IsWindows() ? $"{Name}.dll" : OperatingSystem.IsMacOS() ? $"lib{Name}.dylib"
        : $"lib{Name}.so";

    private static string PackagesFolder => Environment.GetEnvironmentVariable(PackagesVariable) is { Length: > 0 } folder ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static nint Find()
    {
        Assembly calls = typeof(InferenceSession).Assembly;
        OrtEnv.DisableDllImportResolver = true;
        nint handle = 0;
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file)
            _ = NativeLibrary.TryLoad(file, out handle);
        else if (!NativeLibrary.TryLoad(Name, calls, null, out handle))
            _ = NativeLibrary.TryLoad(Path.Combine(PackagesFolder, Package.ToLowerInvariant(), Version, "runtimes",
                RuntimeInformation.RuntimeIdentifier, "native", FileName), out handle);
        if (handle == 0)
            return 0;
        try
        {
            NativeLibrary.SetDllImportResolver(calls, (name, _, _) => name == Name ? handle : 0);
        }
        catch (InvalidOperationException)
        {
            // The program has used ONNX Runtime before, and so found it by itself.
        }
        return handle;
    }
}
