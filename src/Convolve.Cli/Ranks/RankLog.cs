using System.Text;

namespace Convolve.Cli.Ranks;

/// <summary>What a rank other than 0 prints: into a file once the run has a folder, kept until then.</summary>
internal sealed class RankLog : TextWriter
{
    private readonly StringBuilder _before = new();
    private StreamWriter? _file;

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Writes to a file from here on. A rank trains without a log where it can't be written.</summary>
    public void Open(string path)
    {
        lock (_before)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                _file = new(path, append: true) { AutoFlush = true };
                _file.Write(_before);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _file = StreamWriter.Null;
            }
            _before.Clear();
        }
    }

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value)
    {
        lock (_before)
        {
            if (_file is null)
                _before.Append(value);
            else
                _file.Write(value);
        }
    }

    public override void WriteLine(string? value) => Write(value + NewLine);
}
