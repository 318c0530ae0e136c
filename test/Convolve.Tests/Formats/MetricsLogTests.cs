using System.Text.Json.Nodes;
using Convolve.Files;
using Convolve.Formats;
using Convolve.Kernels;
using Convolve.Testing;

namespace Convolve.Tests.Formats;

public class MetricsLogTests
{
    [Fact]
    public void LinesAreAppendedAcrossOpenings()
    {
        using var folder = new TemporaryFolder();
        string path = folder["metrics.jsonl"];
        Assert.Empty(MetricsLog.Read(path));
        using (var log = new MetricsLog(path))
        {
            log.Append(new JsonObject { ["epoch"] = 1, ["loss"] = 2.25f, ["note"] = "a\nb" });
            Assert.Single(MetricsLog.Read(path)); // while it is open
        }
        using (var log = new MetricsLog(path))
            log.Append(new JsonObject { ["epoch"] = 2 });
        Assert.Equal("{\"epoch\":1,\"loss\":2.25,\"note\":\"a\\nb\"}\n{\"epoch\":2}\n", File.ReadAllText(path));
        Assert.Equal([1, 2], Epochs(path));
    }

    [Fact]
    public void ALossThatIsNotFiniteIsWrittenAsText()
    {
        using var folder = new TemporaryFolder();
        string path = folder["metrics.jsonl"];
        using (var log = new MetricsLog(path))
        {
            var list = new JsonArray(float.NegativeInfinity, 1);
            log.Append(new JsonObject { ["a"] = float.NaN, ["b"] = double.PositiveInfinity, ["c"] = list });
        }
        Assert.Equal("""{"a":"NaN","b":"Infinity","c":["-Infinity",1]}""", MetricsLog.Read(path).Single().ToJsonString());
    }

    [Fact]
    public void ATornLastLineIsLeftOutAndMended()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = "{\"epoch\":1}\n{\"epoch\":2,\"s\":\"\u00fc\"}\n"u8.ToArray();
        for (int length = 0; length <= whole.Length; length++)
        {
            string path = folder["metrics.jsonl"];
            File.WriteAllBytes(path, whole[..length]);
            // A closing brace is the end of an object, whether its line break got to the disk or not.
            int[] expected = length < 11 ? [] : length < whole.Length - 1 ? [1] : [1, 2];
            Assert.Equal(expected, Epochs(path));
            using (var log = new MetricsLog(path))
                log.Append(new JsonObject { ["epoch"] = 9 });
            Assert.Equal([.. expected, 9], Epochs(path));
            Assert.Equal(expected.Length + 1, File.ReadAllLines(path).Length);
        }
    }

    [Theory]
    [InlineData("\0\0\0\0")]
    [InlineData("{\"epoch\":2,\"epoch\":3}\n")]
    [InlineData("{\"epoch\":\"\\ud800\"}")]
    [InlineData("[1]\n")]
    [InlineData("null")]
    [InlineData("\n")]
    public void ALastLineThatIsNoObjectIsLeftOut(string tail)
    {
        using var folder = new TemporaryFolder();
        string path = folder["metrics.jsonl"];
        File.WriteAllText(path, "{\"epoch\":1}\n" + tail);
        Assert.Equal([1], Epochs(path));
        using (var log = new MetricsLog(path))
            log.Append(new JsonObject { ["epoch"] = 2 });
        Assert.Equal("{\"epoch\":1}\n{\"epoch\":2}\n", File.ReadAllText(path));
    }

    [Fact]
    public void ABrokenLineInTheMiddleIsNamed()
    {
        using var folder = new TemporaryFolder();
        string path = folder["metrics.jsonl"];
        File.WriteAllText(path, "{\"epoch\":1}\n{\"epo\n{\"epoch\":3}\n");
        var failure = Assert.Throws<InvalidDataException>(() => MetricsLog.Read(path));
        Assert.Equal(
            $"Line 2 of '{path}' is not a JSON object. Remove the line, or move the file away to start a new one.", failure.Message);
        Assert.Throws<InvalidDataException>(() => new MetricsLog(path));
        Assert.Equal(30, new FileInfo(path).Length);
    }

    [Fact]
    public void RandomBytesAreReadOrInvalidData()
    {
        using var folder = new TemporaryFolder();
        string path = folder["metrics.jsonl"];
        byte[] whole = "{\"epoch\":1,\"x\":[1.5,null]}\n{\"epoch\":2,\"s\":\"\\u00fc\"}\n{\"epoch\":3}\n"u8.ToArray();
        var random = new CounterRandom(5, RandomPurpose.Test);
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = [.. whole];
            for (int edits = 1 + random.NextInt32(3); edits > 0; edits--)
                bytes[random.NextInt32(bytes.Length)] = (byte)random.NextUInt32();
            File.WriteAllBytes(path, bytes);
            try
            {
                Assert.All(MetricsLog.Read(path), line => Assert.NotNull(line.Select(pair => pair.Value?.ToJsonString()).ToList()));
            }
            catch (InvalidDataException)
            {
                Assert.Equal(bytes, File.ReadAllBytes(path));
            }
        }
    }

    [Fact]
    public void AFullDiskCostsOnlyTheLine()
    {
        using var folder = new TemporaryFolder();
        string path = folder["metrics.jsonl"];
        using var log = new MetricsLog(path);
        log.Append(new JsonObject { ["epoch"] = 1 });
        for (int n = 0; n < 2; n++)
        {
            using var faults = new Faults(n, Faults.DiskFull);
            var failure = Assert.Throws<FileWriteException>(() => log.Append(new JsonObject { ["epoch"] = 2 }));
            Assert.Contains("disk full", failure.Message, StringComparison.Ordinal);
            Assert.Equal([1], Epochs(path));
        }
        log.Append(new JsonObject { ["epoch"] = 3 });
        Assert.Equal([1, 3], Epochs(path));
    }

    [Fact]
    public void AMissingFolderOrAFolderIsReported()
    {
        using var folder = new TemporaryFolder();
        var missing = Assert.Throws<FileWriteException>(() => new MetricsLog(folder["x/m.jsonl"]));
        Assert.Contains("does not exist", missing.Message, StringComparison.Ordinal);
        var taken = Assert.Throws<FileWriteException>(() => new MetricsLog(folder.FullName));
        Assert.Contains("a folder has this name", taken.Message, StringComparison.Ordinal);
    }

    private static int[] Epochs(string path) => [.. MetricsLog.Read(path).Select(line => (int)line["epoch"]!)];
}
