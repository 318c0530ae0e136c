using System.Diagnostics;
using System.Text.Json;

namespace Convolve.Training.Profiles;

/// <summary>
/// A profile as a trace of Chrome's format, which Perfetto (ui.perfetto.dev) and chrome://tracing open: a bar for each step of training,
/// and within it one for each piece of work, with the time that the threads were idle in it.
/// </summary>
/// <remarks>Source: "Trace Event Format" (Google 2016), complete events ("X") in microseconds.</remarks>
internal static class ProfileTrace
{
    private const int Process = 1, Thread = 1;

    /// <summary>Its name in the run folder.</summary>
    public const string FileName = "trace.json";

    /// <summary>The file.</summary>
    /// <param name="profile">What was measured.</param>
    /// <param name="title">What was trained.</param>
    public static byte[] Write(TrainingProfile profile, string title)
    {
        using MemoryStream file = new();
        using (Utf8JsonWriter json = new(file))
        {
            json.WriteStartObject();
            json.WriteString("displayTimeUnit", "ms");
            json.WriteStartArray("traceEvents");
            Name(json, "process_name", title);
            Name(json, "thread_name", "executor");
            foreach (ProfileSpan span in profile.Spans)
                Write(json, profile, span, profile.Spans[0].Start);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return file.ToArray();
    }

    private static void Name(Utf8JsonWriter json, string what, string name)
    {
        json.WriteStartObject();
        json.WriteString("ph", "M");
        json.WriteString("name", what);
        json.WriteNumber("pid", Process);
        json.WriteNumber("tid", Thread);
        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TrainingProfile profile, ProfileSpan span, long from)
    {
        ProfiledWork? work = span.Work < 0 ? null : profile.Works[span.Work];
        json.WriteStartObject();
        json.WriteString("ph", "X");
        json.WriteString("name", work?.Name ?? $"step {span.Step + 1}");
        json.WriteString("cat", work is null ? "step" : $"{work.Value.Part}".ToLowerInvariant());
        json.WriteNumber("ts", Microseconds(span.Start - from));
        json.WriteNumber("dur", Microseconds(span.End - span.Start));
        json.WriteNumber("pid", Process);
        json.WriteNumber("tid", Thread);
        json.WriteStartObject("args");
        json.WriteNumber("step", span.Step + 1);
        if (work is not null)
            json.WriteNumber("idle_us", Microseconds(span.Idle));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static double Microseconds(long ticks) => Math.Round(ticks * 1e6 / Stopwatch.Frequency, 3);
}
