using System.CommandLine;
using Convolve.Data.Fetching;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Kernels;
using Convolve.Mpi;
using Convolve.Serving.Http;
using Convolve.Training;

namespace Convolve.Cli.Terminal;

/// <summary>The request can't be carried out; the message says why.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Exit codes, and one message on standard error for whatever goes wrong.</summary>
internal static class Failures
{
    private const string Prefix = "convolve";

    public const int Success = 0, Failed = 1, BadInput = 2, Interrupted = 130;

    public const string NoCurrentFolder = "The current folder was deleted. Change to another one with cd.";

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
            DownloadException => (Failed, Advice.Message(exception)),
            KernelLibraryException => (HasKernelLibrary ? Failed : BadInput, exception.Message),
            TrainingException or MpiException or FileWriteException or ListenException or InsufficientMemoryException => (Failed, exception.Message),
            UsageException or ConvolveException or InvalidDataException => (BadInput, Advice.Message(exception)),
            _ when !HasCurrentFolder => (BadInput, NoCurrentFolder),
            _ => (Failed,
            $"unexpected error: {exception.Message.ReplaceLineEndings(" ")} ({exception.GetType().Name}; {DebugVariable}=1 shows where)"),
        };
        Say(message);
        if (Environment.GetEnvironmentVariable(DebugVariable) == "1")
            Console.Error.WriteLine(exception);
        return code;
    }

    /// <summary>
    /// A message on standard error; leading line ends come before the program's name. On a terminal, or where COLUMNS is set, it is folded
    /// between words; elsewhere it is one line, so that a log can be searched.
    /// </summary>
    public static void Say(string message)
    {
        string text = message.TrimStart('\n');
        Console.Error.Write(message[..^text.Length]);
        bool isTerminal = !StandardStreams.IsErrorRedirected;
        int width = isTerminal || ScreenWidth.Asked is not null ? ScreenWidth.Of(isTerminal) : int.MaxValue;
        foreach (string paragraph in $"{Prefix}: {text}".Split('\n'))
            foreach (string line in TextFolding.Fold(paragraph, width, indent: 2))
                Console.Error.WriteLine(line);
    }

    /// <summary>Whether the folder that relative paths begin in is still there.</summary>
    public static bool HasCurrentFolder
    {
        get
        {
            try
            {
                return Directory.Exists(Environment.CurrentDirectory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
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
        ? [ProgramName.Current]
        : [.. command.Parents.OfType<Command>().Take(1).SelectMany(Path), command.Name];
}
