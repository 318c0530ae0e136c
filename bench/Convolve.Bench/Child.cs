using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Convolve.Bench;

/// <summary>Runs other programs.</summary>
internal static class Child
{
    /// <summary>Runs a program to its end and returns its standard output.</summary>
    /// <param name="threads">Given to OpenMP, since each side's own choice would be another one.</param>
    /// <param name="patience">How long it may take; ten minutes by default.</param>
    /// <exception cref="MeasurementException">It cannot be started, failed, or does not end.</exception>
    public static string Run(string program, IEnumerable<string> words, int threads, TimeSpan? patience = null)
    {
        string name = Path.GetFileName(program);
        TimeSpan limit = patience ?? TimeSpan.FromMinutes(10);
        ProcessStartInfo start = new(program, words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        start.Environment.Remove("OPENBLAS_CORETYPE"); // OpenBLAS is to choose its kernels for this processor
        start.Environment.Remove("OPENBLAS_NUM_THREADS");
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(limit))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
                throw new MeasurementException(string.Create(CultureInfo.InvariantCulture,
                    $"{name} did not end within {limit.TotalSeconds:F0} s"));
            }
            process.WaitForExit();
            if (process.ExitCode == 0)
                return output.Result;
            string said = LastLines(errors.Result);
            throw new MeasurementException(
                $"{name} ended with status {process.ExitCode}{(said.Length > 0 ? $": {said}" : " and said nothing")}");
        }
        catch (Win32Exception e)
        {
            throw new MeasurementException($"{program} cannot be started: {e.Message}");
        }
    }

    private static string LastLines(string text) => string.Join("; ", text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(3));
}
