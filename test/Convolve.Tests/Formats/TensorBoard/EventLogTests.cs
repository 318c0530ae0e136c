using System.Globalization;
using Convolve.Files;
using Convolve.Formats.TensorBoard;
using Convolve.Testing;

namespace Convolve.Tests.Formats.TensorBoard;

/// <summary>Event files, read back by a reader that shares nothing with the writer.</summary>
public sealed class EventLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Checksums_are_those_of_the_format()
    {
        Assert.Equal(0x5794d08au, EventLog.Masked([0x1a, 0x11, .. "CRC test, one two"u8]));
        byte[] noise = new byte[1000];
        for (int i = 0; i < noise.Length; i++)
            noise[i] = (byte)(i * i * 31 + 7);
        for (int length = 0; length < 40; length++)
            Assert.Equal(EventReader.Crc(noise.AsSpan(0, length)), Crc32C.Of(noise.AsSpan(0, length)));
    }

    [Fact]
    public void Scalars_come_back()
    {
        string path;
        long before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        using (EventLog log = new(_folder.FullName))
        {
            path = log.FullPath;
            log.AddScalars(0, ("train/loss", 2.25), ("learning rate", 0.1));
            log.AddScalars(5_000_000_000, ("train/loss", double.NaN));
            log.Flush();
        }
        string[] name = Path.GetFileName(path).Split('.');
        Assert.Equal(["events", "out", "tfevents"], name[..3]);
        Assert.Equal(10, name[3].Length);
        Assert.InRange(long.Parse(name[3], CultureInfo.InvariantCulture), before, before + 60);
        IReadOnlyList<WireMessage> events = EventReader.Read(path);
        Assert.Equal(3, events.Count);
        Assert.Equal("brain.Event:2", events[0].Text(3));
        Assert.All(events, e => Assert.InRange(e.Double(1), before, before + 60));
        Assert.Equal([0, 0, 5_000_000_000], events.Select(e => e.Int64(2)));
        IReadOnlyList<WireMessage> values = events[1].Messages(5)[0].Messages(1);
        Assert.Equal([("train/loss", 2.25f), ("learning rate", 0.1f)], values.Select(v => (v.Text(1), v.Float(2))));
        Assert.True(float.IsNaN(events[2].Messages(5)[0].Messages(1)[0].Float(2)));
    }

    [Fact]
    public void Histograms_hold_every_value()
    {
        float[] values = [-3, -1e-13f, 0, 0, 0.5f, 2, 1e30f, float.NaN, float.PositiveInfinity];
        using EventLog log = new(_folder.FullName);
        log.AddHistogram(7, "conv1.weight", values);
        log.AddHistogram(8, "none", []);
        IReadOnlyList<WireMessage> events = EventReader.Read(log.FullPath);
        WireMessage histogram = events[1].Messages(5)[0].Messages(1)[0].Messages(5)[0];
        double[] limits = histogram.Doubles(6), counts = histogram.Doubles(7);
        Assert.Equal(limits.Length, counts.Length);
        Assert.Equal(limits.Order(), limits);
        Assert.Equal((-3, double.PositiveInfinity, 8), (histogram.Double(1), histogram.Double(2), histogram.Double(3)));
        Assert.Equal(8, counts.Sum());
        // Each value lies below the limit of its bucket and not below the one before.
        foreach (IGrouping<int, float> bucket in values.Where(v => !float.IsNaN(v))
            .GroupBy(v => Math.Min(limits.TakeWhile(limit => limit <= v).Count(), limits.Length - 1)))
            Assert.Equal(bucket.Count(), counts[bucket.Key]);
        Assert.Equal(0, events[2].Messages(5)[0].Messages(1)[0].Messages(5)[0].Doubles(7).Sum());
    }

    [Fact]
    public void Pictures_come_back()
    {
        byte[] png = [137, 80, 78, 71, 1, 2, 3];
        using EventLog log = new(_folder.FullName);
        log.AddImage(3, "predictions", png, 20, 10);
        WireMessage value = EventReader.Read(log.FullPath)[1].Messages(5)[0].Messages(1)[0], image = value.Messages(4)[0];
        Assert.Equal("predictions", value.Text(1));
        Assert.Equal((10, 20, 3), (image.Int64(1), image.Int64(2), image.Int64(3)));
        Assert.Equal(png, image.Bytes(4));
    }

    [Fact]
    public void Two_logs_of_a_folder_are_two_files()
    {
        using EventLog first = new(_folder.FullName), second = new(_folder.FullName);
        Assert.NotEqual(first.FullPath, second.FullPath);
    }

    [Fact]
    public void A_write_that_fails_is_told()
    {
        using EventLog log = new(_folder.FullName);
        using (new Faults(failAt: 0))
            Assert.Equal(log.FullPath, Assert.Throws<FileWriteException>(() => log.AddScalars(1, ("x", 1))).FilePath);
        Assert.Throws<FileWriteException>(() => new EventLog(_folder["missing"]));
    }
}
