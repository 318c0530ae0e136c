using System.CommandLine;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Imaging;
using Convolve.Layers;
using Convolve.OneDnn;
using Convolve.Training;

namespace Convolve.Cli;

/// <summary>What was asked cannot be done; the message says why.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Exit codes, and one message on standard error for whatever goes wrong.</summary>
internal static class Failures
{
    public const string ProgramName = "convolve";

    public const int Success = 0, Failed = 1, BadInput = 2, Interrupted = 130;

    private const string DebugVariable = "CONVOLVE_DEBUG";

    /// <summary>For a command line that cannot be understood.</summary>
    public static int Refuse(string message, Command command)
    {
        string verb = string.Join(' ', Path(command));
        Say($"{message} See '{verb} --help'.");
        return BadInput;
    }

    /// <summary>For what was thrown.</summary>
    public static int Report(Exception exception)
    {
        if (exception is AggregateException { InnerExceptions: [{ } only] })
            return Report(only);
        (int code, string message) = exception switch
        {
            OperationCanceledException => (Interrupted, "interrupted: nothing was saved"),
            DownloadException => (Failed, exception.Message),
            UsageException or RecipeException or NetworkException or DataException or SafeTensorsException or InvalidDataException or ImageException
                or ImageLibraryException =>
                (BadInput, exception.Message),
            KernelLibraryException => (HasKernelLibrary ? Failed : BadInput, exception.Message),
            TrainingException or FileWriteException or InsufficientMemoryException => (Failed, exception.Message),
            _ => (Failed, $"unexpected: {exception.Message.ReplaceLineEndings(" ")} ({exception.GetType().Name}; {DebugVariable}=1 shows where)"),
        };
        Say(message);
        if (Environment.GetEnvironmentVariable(DebugVariable) == "1")
            Console.Error.WriteLine(exception);
        return code;
    }

    /// <summary>A line on standard error; leading line ends come before the program's name.</summary>
    public static void Say(string message)
    {
        try
        {
            string text = message.TrimStart('\n');
            Console.Error.WriteLine($"{message[..^text.Length]}{ProgramName}: {text}");
        }
        catch (IOException)
        {
            // Nobody listens any more; the work and the exit code matter more.
        }
    }

    private static bool HasKernelLibrary
    {
        get
        {
            try
            {
                return Machine.KernelLibraryName.Length > 0;
            }
            catch (KernelLibraryException)
            {
                return false;
            }
        }
    }

    private static IEnumerable<string> Path(Command command) => command is RootCommand
        ? [ProgramName]
        : [.. command.Parents.OfType<Command>().Take(1).SelectMany(Path), command.Name];
}
