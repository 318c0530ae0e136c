using System.Buffers.Binary;
using System.Globalization;
using Convolve.Files;
using Google.Protobuf;

namespace Convolve.Formats.TensorBoard;

/// <summary>Appends scalars, histograms and pictures to an event file that TensorBoard reads while it grows.</summary>
/// <remarks>
/// A record is its length, the masked CRC-32C of that, the event as protocol buffer, and the masked CRC-32C of it. A run that is gone on
/// with gets a second file beside the first, which says from which step on the first is void. For one thread.
/// </remarks>
internal sealed class EventLog : IDisposable
{
    /// <summary>What all event files' names start with.</summary>
    public const string FilePrefix = "events.out.tfevents.";

    private const string Version = "brain.Event:2";
    private const uint MaskDelta = 0xa282ead8;
    private readonly FileStream _file;

    private const int SessionStarted = 1, Succeeded = 1, Float32 = 1;
    private const string HyperparametersPlugin = "hparams", SessionStartTag = "_hparams_/session_start_info",
        SessionEndTag = "_hparams_/session_end_info";

    /// <summary>Starts a separate file in a folder.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="firstStep">The step from which on earlier files of the folder are void; null where there are none, or all of them
    /// hold.</param>
    /// <param name="suffix">What the file's name ends in, such as ".hparams"; empty for nothing.</param>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public EventLog(string folder, long? firstStep = null, string suffix = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        (FullPath, _file) = Create(folder, suffix);
        try
        {
            FileOperation.Run(FileStep.SyncFolder, FullPath, () => FolderSync.Sync(folder));
            Append(new() { FileVersion = Version }, 0);
            if (firstStep is { } step)
                Append(new() { SessionLog = new() { Status = SessionStarted } }, step);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string FullPath { get; }

    /// <summary>Adds some numbers of one step.</summary>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void AddScalars(long step, params ReadOnlySpan<(string Tag, double Value)> values)
    {
        SummaryMessage summary = new();
        foreach ((string tag, double value) in values)
            summary.Value.Add(new ValueMessage { Tag = tag, SimpleValue = (float)value });
        Append(new() { Summary = summary }, step);
    }

    /// <summary>Adds how some values are spread.</summary>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void AddHistogram(long step, string tag, ReadOnlySpan<float> values) => AddHistogram(step, tag, values, 0);

    /// <inheritdoc cref="AddHistogram(long, string, ReadOnlySpan{float})"/>
    /// <param name="step">When.</param>
    /// <param name="tag">What they are of.</param>
    /// <param name="values">The values.</param>
    /// <param name="padding">Zeros among them that aren't values, but padding.</param>
    internal void AddHistogram(long step, string tag, ReadOnlySpan<float> values, long padding) =>
        Append(new() { Summary = new() { Value = { new ValueMessage { Tag = tag, Histo = ValueHistogram.Of(values, padding) } } } }, step);

    /// <summary>Adds a picture.</summary>
    /// <param name="step">When.</param>
    /// <param name="tag">What it is of.</param>
    /// <param name="png">The encoded picture, of colors.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void AddImage(long step, string tag, ReadOnlySpan<byte> png, int width, int height)
    {
        ImageMessage image = new() { Width = width, Height = height, Colorspace = 3, EncodedImageString = ByteString.CopyFrom(png) };
        Append(new() { Summary = new() { Value = { new ValueMessage { Tag = tag, Image = image } } } }, step);
    }

    /// <summary>
    /// Says by what a run is trained, for TensorBoard's table of hyperparameters; once a folder, and the folders in it belong to the same
    /// run.
    /// </summary>
    /// <param name="values">By name; numbers, truth values and texts are shown as such, what is null is left out.</param>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void StartSession(IEnumerable<KeyValuePair<string, object?>> values)
    {
        SessionStartMessage start = new() { StartTimeSecs = Now };
        foreach ((string name, object? value) in values)
            if (value is not null)
                start.Hparams[name] = value switch
                {
                    bool flag => new() { BoolValue = flag },
                    IConvertible number and not string => new() { NumberValue = number.ToDouble(CultureInfo.InvariantCulture) },
                    _ => new() { StringValue = $"{value}" },
                };
        AddHyperparameters(SessionStartTag, new() { SessionStartInfo = start });
    }

    /// <summary>Says that the run has come to its end.</summary>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void EndSession() => AddHyperparameters(SessionEndTag,
        new() { SessionEndInfo = new() { Status = Succeeded, EndTimeSecs = Now } });

    /// <summary>Brings what was added to the disk.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Flush() => FileOperation.Run(FileStep.Flush, FullPath, () => _file.Flush(flushToDisk: true));

    public void Dispose() => _file.Dispose();

    /// <summary>A checksum as it is stored, so that one of bytes that hold checksums is still a good one.</summary>
    internal static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = Crc32C.Of(bytes);
        return unchecked(((crc >> 15) | (crc << 17)) + MaskDelta);
    }

    private static (string Path, FileStream File) Create(string folder, string suffix)
    {
        long seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        for (int number = 0; ; number++)
        {
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture,
                $"{FilePrefix}{seconds:D10}.{Environment.MachineName}.{Environment.ProcessId}.{number}{suffix}"));
            if (!File.Exists(path))
                return (path, FileOperation.Run(FileStep.Create, path,
                    () => new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0)));
        }
    }

    private static double Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    // All of it is in the metadata. The tensor, of no values, is there because readers drop what has none.
    private void AddHyperparameters(string tag, HyperparametersMessage content) => Append(new()
    {
        Summary = new()
        {
            Value =
            {
                new ValueMessage
                {
                    Tag = tag,
                    Metadata = new() { PluginData = new() { PluginName = HyperparametersPlugin, Content = content.ToByteString() } },
                    Tensor = new() { Dtype = Float32, TensorShape = new() { Dim = { new TensorSizeMessage() } } },
                },
            },
        },
    }, 0);

    private void Append(EventMessage message, long step)
    {
        message.WallTime = Now;
        message.Step = step;
        int size = message.CalculateSize();
        byte[] record = new byte[sizeof(ulong) + sizeof(uint) + size + sizeof(uint)];
        Span<byte> length = record.AsSpan(0, sizeof(ulong)), data = record.AsSpan(sizeof(ulong) + sizeof(uint), size);
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)size);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(sizeof(ulong)), Masked(length));
        message.WriteTo(data);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(record.Length - sizeof(uint)), Masked(data));
        FileOperation.Write(FullPath, _file, record);
    }
}
