using System.Globalization;
using System.Runtime.CompilerServices;
using Convolve.Kernels;
using Convolve.Kernels.Contract;

namespace Convolve.OneDnn;

/// <summary>dnnl_status_t, and the exceptions that it becomes.</summary>
internal static class Status
{
    public const int Success = 0, OutOfMemory = 1, InvalidArguments = 2, Unimplemented = 3, RuntimeError = 5;

    /// <summary>Throws unless a call has succeeded.</summary>
    /// <exception cref="KernelLibraryException">The message names the layer, the call and the operation.</exception>
    public static void Check(int status, Operation? operation = null, string label = "",
        [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != Success)
            Fail(status, operation, label, call);
    }

    private static void Fail(int status, Operation? operation, string label, string call)
    {
        string reason = status switch
        {
            OutOfMemory => "out of memory",
            InvalidArguments => "invalid arguments",
            Unimplemented => "not implemented on this CPU",
            RuntimeError => "failed while running",
            _ => string.Create(CultureInfo.InvariantCulture, $"status {status}"),
        };
        throw new KernelLibraryException(
            $"{(label.Length > 0 ? label + ": " : "")}oneDNN reported \"{reason}\" for " +
            $"{call.Split('(')[0]}{(operation is null ? "" : $" for {operation}")}.");
    }
}
