using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Convolve.Imaging;
using Convolve.Imaging.Tests;
using Convolve.Kernels;
using Convolve.Planning;

namespace Convolve.Serving.Tests;

/// <summary>Many requests at once: none lost, none answered wrongly, whatever happens meanwhile.</summary>
public sealed class LoadTests : IDisposable
{
    private const int Pictures = 40;
    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-serving-").FullName;
    private readonly byte[][] _pictures = [.. Enumerable.Range(0, Pictures).Select(TestServer.Png)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task In_batches_each_request_gets_its_own_answer()
    {
        string file = TestServer.Save(At("m.safetensors"));
        (string Label, float Probability)[] expected = Expected(file);
        await using TestServer server = await TestServer.StartAsync([file]);
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 40 }, async (i, _) =>
        {
            (int status, JsonObject json) = await TestServer.ReadAsync(server.PostAsync("/predict", _pictures[i % Pictures]));
            Assert.Equal((200, expected[i % Pictures].Label), (status, (string)json["label"]!));
            Assert.Equal(expected[i % Pictures].Probability, (float)json["probability"]!, 1e-5);
        });
        string metrics = await server.Client.GetStringAsync("/metrics");
        Assert.Contains("convolve_batch_size_sum{model=\"m\"} 2000\n", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("convolve_batch_size_count{model=\"m\"} 2000\n", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lenet5")]
    [InlineData("resnet20")]
    public async Task With_exact_the_bits_are_those_of_a_picture_alone_at_any_load(string network)
    {
        string file = TestServer.Save(At("m.safetensors"), network);
        using ImageClassifier classifier = ImageClassifier.Load(file, new() { Precision = Precision.Float32, Exact = true });
        float[] expected = [.. _pictures.Select(p => classifier.Predict(p).Confidence)];
        await using TestServer server = await TestServer.StartAsync([file], isExact: true);
        await Parallel.ForAsync(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 20 }, async (i, _) =>
        {
            (int status, JsonObject json) = await TestServer.ReadAsync(server.PostAsync("/predict", _pictures[i % Pictures]));
            Assert.Equal((200, expected[i % Pictures]), (status, (float)json["probability"]!));
        });
    }

    [Fact]
    public async Task A_new_model_takes_the_place_of_the_old_one_without_a_lost_request()
    {
        string file = TestServer.Save(At("m.safetensors")), other = TestServer.Save(At("n.safetensors"), seed: 2);
        float[] before = [.. Expected(file).Select(e => e.Probability)], after = [.. Expected(other).Select(e => e.Probability)];
        List<string> log = [];
        await using TestServer server = await TestServer.StartAsync([file], new() { Watch = true, Log = log.Add });
        bool isSwapped = false, isEnding = false;
        int old = 0, answered = 0, broken = 0;
        Task[] clients = [.. Enumerable.Range(0, 8).Select(client => Task.Run(async () =>
        {
            for (int i = client; !Volatile.Read(ref isEnding); i = (i + 8) % Pictures)
            {
                (int status, JsonObject json) = await TestServer.ReadAsync(server.PostAsync("/predict", _pictures[i]));
                bool isOld = Math.Abs((float)json["probability"]! - before[i]) < 1e-5,
                    isNew = Math.Abs((float)json["probability"]! - after[i]) < 1e-5;
                Interlocked.Add(ref broken, status != 200 || !(isOld || isNew) || (isOld && Volatile.Read(ref isSwapped)) ? 1 : 0);
                Interlocked.Add(ref old, isOld ? 1 : 0);
                Interlocked.Increment(ref answered);
            }
        }))];
        await Task.Delay(200);
        File.WriteAllBytes(file, File.ReadAllBytes(other)[..^100]); // a copy that isn't whole yet
        await Until(() => log.Count == 1);
        Assert.StartsWith($"m: {file} has changed, but can't be loaded; the old weights keep answering. ", log[0],
            StringComparison.Ordinal);
        File.Copy(other, file + ".part");
        File.Move(file + ".part", file, overwrite: true);
        await Until(() => log.Count == 2);
        Assert.Equal($"m: {file} has changed; the new weights answer from now on.", log[1]);
        await Task.Delay(50); // answers of the old weights that were on their way
        Volatile.Write(ref isSwapped, true);
        await Task.Delay(200);
        Volatile.Write(ref isEnding, true);
        await Task.WhenAll(clients);
        Assert.Equal(0, broken);
        Assert.True(old > 0 && answered > old);
    }

    [Fact]
    public async Task Stopping_answers_every_request_that_has_come()
    {
        string file = TestServer.Save(At("m.safetensors"));
        TestServer server = await TestServer.StartAsync([file], new() { MaxDelay = TimeSpan.FromMinutes(5) });
        Task<HttpResponseMessage>[] requests = [.. Enumerable.Range(0, 20).Select(i => server.PostAsync("/predict", _pictures[i]))];
        while (server.Models[0].Queue.Waiting < 20)
            await Task.Delay(1);
        long start = Stopwatch.GetTimestamp();
        await server.StopAsync();
        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1));
        server.Client.Dispose();
    }

    [Fact]
    public Task Damaged_pictures_harm_nobody() => SendDamaged(200);

    [Fact, Trait("Category", "Slow")]
    public Task Many_damaged_pictures_harm_nobody() => SendDamaged(5000);

    // 10 minutes; CONVOLVE_LOAD_SECONDS makes it shorter.
    [Fact, Trait("Category", "Slow")]
    public async Task Minutes_of_mixed_load_lose_nothing_and_keep_the_memory_flat()
    {
        int seconds = int.Parse(Environment.GetEnvironmentVariable("CONVOLVE_LOAD_SECONDS") ?? "600", CultureInfo.InvariantCulture);
        string file = TestServer.Save(At("m.safetensors"));
        (string Label, float Probability)[] expected = Expected(file);
        await using TestServer server = await TestServer.StartAsync([file], new() { Queue = 16 });
        long begin = Stopwatch.GetTimestamp(), settled = 0, sent = 0, busy = 0, wrong = 0;
        Task[] clients = [.. Enumerable.Range(0, 32).Select(client => Task.Run(async () =>
        {
            for (int i = client; Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds; i++)
            {
                bool isBad = i % 10 == 0;
                int picture = i % Pictures;
                byte[] body = isBad ? _pictures[picture][..(i % 60)] : _pictures[picture];
                (int status, JsonObject json) = await TestServer.ReadAsync(server.PostAsync("/predict", body));
                Interlocked.Increment(ref sent);
                if (status == 503)
                    Interlocked.Increment(ref busy);
                else if (isBad ? status != 400 : status != 200 || (string)json["label"]! != expected[picture].Label
                    || Math.Abs((float)json["probability"]! - expected[picture].Probability) > 1e-5)
                    Interlocked.Increment(ref wrong);
            }
        }))];
        Task all = Task.WhenAll(clients);
        while (!all.IsCompleted)
        {
            await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(1)));
            if (settled == 0 && Stopwatch.GetElapsedTime(begin).TotalSeconds > seconds / 4.0)
                settled = Memory();
        }
        await all;
        long growth = Memory() - settled;
        TestContext.Current.TestOutputHelper?.WriteLine($"{sent} requests, {busy} of them refused; memory grew by {growth >> 10} KiB");
        Assert.Equal(0, wrong);
        Assert.True(sent - busy > sent / 10, $"{busy} of {sent} requests were refused");
        Assert.True(growth < 20 << 20, $"memory grew by {growth >> 20} MiB");

        static long Memory() => GC.GetTotalMemory(forceFullCollection: true);
    }

    private async Task SendDamaged(int count)
    {
        string file = TestServer.Save(At("m.safetensors"));
        (string Label, float Probability)[] expected = Expected(file);
        await using TestServer server = await TestServer.StartAsync([file]);
        byte[][] originals = [.. GoldenPicture.All.Where(p => p.Format is ImageFormat.Jpeg or ImageFormat.Png or ImageFormat.WebP)
            .Select(p => p.File)];
        int read = 0;
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            byte[] damaged = [.. originals[i % originals.Length]];
            CounterRandom random = new(7, RandomPurpose.Test, (uint)i);
            for (int k = random.NextInt32(8); k >= 0; k--)
                damaged[random.NextInt32(damaged.Length)] = (byte)random.NextInt32(256);
            (int status, JsonObject json) = await TestServer.ReadAsync(server.PostAsync("/predict", damaged));
            Assert.True(status is 200 or 400, json.ToJsonString());
            Interlocked.Add(ref read, status == 200 ? 1 : 0);
        });
        Assert.InRange(read, 1, count - 1);
        (_, JsonObject json) = await TestServer.ReadAsync(server.PostAsync("/predict", _pictures[3]));
        Assert.Equal(expected[3].Label, (string)json["label"]!);
    }

    private (string Label, float Probability)[] Expected(string file)
    {
        using ImageClassifier classifier = ImageClassifier.Load(file, new() { Precision = Precision.Float32 });
        return [.. _pictures.Select(p => classifier.Predict(p)).Select(p => (p.Label, p.Confidence))];
    }

    private static async Task Until(Func<bool> condition)
    {
        for (long start = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(20))
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "it didn't happen");
    }

    private string At(string name) => Path.Combine(_folder, name);
}
