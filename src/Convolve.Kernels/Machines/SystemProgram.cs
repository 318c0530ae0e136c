using System.ComponentModel;
using System.Diagnostics;

namespace Convolve.Kernels.Machines;

/// <summary>Small programs that come with the operating system and report something of it.</summary>
internal static class SystemProgram
{
    /// <summary>What it prints; nothing where it can't be started or fails.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="arguments">What it is passed.</param>
    public static string Output(string path, params string[] arguments)
    {
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo(path, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            string text = process!.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? text : "";
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException)
        {
            return "";
        }
    }
}
