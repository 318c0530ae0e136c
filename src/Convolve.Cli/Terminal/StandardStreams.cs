using System.Text;

namespace Convolve.Cli.Terminal;

/// <summary>
/// Standard output and error that may be closed, or on a full disk. Nothing stops because of that: training continues, and the exit code at
/// the end says that output is missing.
/// </summary>
internal static class StandardStreams
{
    /// <summary>
    /// How wide the terminal is that another process prints this one's output to; 0 for none, null where this process prints by itself.
    /// </summary>
    public static int? Terminal { get; set; }

    /// <summary>Whether nobody sees standard output as it comes.</summary>
    public static bool IsOutputRedirected => Terminal is { } columns ? columns == 0 : Console.IsOutputRedirected;

    /// <summary>Whether nobody sees standard error as it comes.</summary>
    public static bool IsErrorRedirected => Terminal is not null || Console.IsErrorRedirected;

    /// <summary>Makes Windows print all letters, whatever code page its console or a pipe began with; the others do so already.</summary>
    public static void UseUnicode()
    {
        if (!OperatingSystem.IsWindows())
            return;
        try
        {
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        }
        catch (IOException)
        {
            // A console that takes no other code page; letters that it lacks become question marks.
        }
    }

    /// <summary>Runs the program with guarded streams.</summary>
    /// <returns>Its exit code; 1 in place of 0 where standard output could not be written. A reader that has left, such as head, is no
    /// failure.</returns>
    public static int Guard(Func<int> program)
    {
        Writer output = new(Console.Out), errors = new(Console.Error);
        Console.SetOut(output);
        Console.SetError(errors);
        int code = program();
        output.Flush();
        if (output.Problem is not { } problem)
            return code;
        Failures.Say($"can't write to standard output: {problem}");
        return code == Failures.Success ? Failures.Failed : code;
    }

    /// <summary>Prints from here on, where something else took what was printed before.</summary>
    public static void Open()
    {
        Console.SetOut(new Writer(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true }));
        Console.SetError(new Writer(new StreamWriter(Console.OpenStandardError()) { AutoFlush = true }));
    }

    /// <summary>Keeps the first failure, and is silent from then on.</summary>
    private sealed class Writer(TextWriter target) : TextWriter
    {
        private const int NoSpace = 28, NoSpaceOnWindows = unchecked((int)0x80070070);

        public string? Problem { get; private set; }

        public override Encoding Encoding => target.Encoding;

        public override void Write(char value) => Try(value, static (to, c) => to.Write(c));

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

        public override void Write(string? value) => Try(value, static (to, text) => to.Write(text));

        public override void WriteLine(string? value) => Try(value, static (to, text) => to.WriteLine(text));

        public override void Flush() => Try(0, static (to, _) => to.Flush());

        private void Try<T>(T value, Action<TextWriter, T> write)
        {
            if (Problem is not null)
                return;
            try
            {
                write(target, value);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                Problem = e is not IOException ? "it is closed"
                    : e.HResult is NoSpace or NoSpaceOnWindows ? "disk full" : e.Message.TrimEnd('.');
            }
        }
    }
}
