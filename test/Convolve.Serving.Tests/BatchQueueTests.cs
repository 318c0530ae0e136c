using System.Collections.Concurrent;
using System.Diagnostics;
using Convolve.Serving.Batching;

namespace Convolve.Serving.Tests;

/// <summary>The queue, with a network that stops where the test wants, and a thread of its own for it.</summary>
public sealed class BatchQueueTests : IDisposable
{
    private readonly BlockingCollection<Action> _posted = [];
    private readonly Network _network = new();

    public BatchQueueTests() => new Thread(() =>
    {
        foreach (Action action in _posted.GetConsumingEnumerable())
            action();
    })
    { IsBackground = true }.Start();

    public void Dispose()
    {
        _network.Go.Set();
        _posted.CompleteAdding();
    }

    [Fact]
    public async Task A_batch_takes_what_waits_in_its_order()
    {
        using BatchQueue queue = Create(limit: 100);
        List<Task<BatchOutcome>> ends = [Add(queue, Work(0))];
        _network.Begun.Wait();
        BatchWork[] works = [.. Enumerable.Range(1, 10).Select(i => Work(i))];
        ends.AddRange(works.Select(work => Add(queue, work)));
        Assert.Equal(10, queue.Waiting);
        _network.Go.Set();
        foreach (Task<BatchOutcome> end in ends)
            Assert.Equal(BatchOutcome.Done, await end);
        Assert.Equal([[0], [1, 2, 3, 4, 5, 6, 7, 8], [9, 10]], _network.Batches);
        Assert.All(works, (work, i) => Assert.Equal(-(i + 1), work.Outputs[0]));
    }

    [Fact]
    public async Task A_request_of_many_pictures_is_answered_in_parts()
    {
        using BatchQueue queue = Create(limit: 100);
        _network.Go.Set();
        BatchWork many = new(_network, [.. Enumerable.Range(0, 21).Select(i => (float)i)], 21, long.MaxValue);
        Assert.Equal(BatchOutcome.Done, await Add(queue, many));
        Assert.Equal([8, 8, 5], _network.Batches.Select(b => b.Length));
        Assert.Equal(Enumerable.Range(0, 21).Select(i => -(float)i), many.Outputs);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_at_once()
    {
        using BatchQueue queue = Create(limit: 3);
        Task<BatchOutcome> running = Add(queue, Work(0));
        _network.Begun.Wait();
        Task<BatchOutcome>[] waiting = [Add(queue, Work(1)), Add(queue, Work(2)), Add(queue, Work(3))];
        Task<BatchOutcome> refused = Add(queue, Work(4));
        Assert.True(refused.IsCompleted);
        Assert.Equal(BatchOutcome.Full, await refused);
        _network.Go.Set();
        Assert.Equal(BatchOutcome.Done, await running);
        foreach (Task<BatchOutcome> end in waiting)
            Assert.Equal(BatchOutcome.Done, await end);
        Assert.Equal(0, queue.Waiting);
        Assert.Equal(BatchOutcome.Done, await Add(queue, Work(5)));
    }

    [Fact]
    public async Task What_comes_too_late_is_not_computed()
    {
        using BatchQueue queue = Create(limit: 100);
        Task<BatchOutcome> running = Add(queue, Work(0));
        _network.Begun.Wait();
        Task<BatchOutcome> late = Add(queue, new(_network, [1], 1, Stopwatch.GetTimestamp() - 1)), other = Add(queue, Work(2));
        _network.Go.Set();
        Assert.Equal(BatchOutcome.Done, await running);
        Assert.Equal(BatchOutcome.Expired, await late);
        Assert.Equal(BatchOutcome.Done, await other);
        Assert.DoesNotContain(1, _network.Batches.SelectMany(b => b));
    }

    [Fact]
    public async Task A_delay_fills_batches_and_a_full_one_does_not_wait()
    {
        using BatchQueue queue = Create(limit: 100, delay: TimeSpan.FromSeconds(60));
        _network.Go.Set();
        Task<BatchOutcome>[] ends = [.. Enumerable.Range(0, 8).Select(i => Add(queue, Work(i)))];
        foreach (Task<BatchOutcome> end in ends)
            Assert.Equal(BatchOutcome.Done, await end);
        Assert.Equal(8, Assert.Single(_network.Batches).Length);
    }

    [Fact]
    public async Task A_delay_ends()
    {
        using BatchQueue queue = Create(limit: 100, delay: TimeSpan.FromMilliseconds(20));
        _network.Go.Set();
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(BatchOutcome.Done, await Add(queue, Work(0)));
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(19));
    }

    [Fact]
    public async Task Batches_do_not_mix_networks()
    {
        using Network other = new();
        other.Go.Set();
        using BatchQueue queue = Create(limit: 100);
        Task<BatchOutcome>[] ends = [Add(queue, Work(0))];
        _network.Begun.Wait();
        ends = [.. ends, Add(queue, Work(1)), Add(queue, Work(2)), Add(queue, new(other, [3], 1, long.MaxValue)), Add(queue, Work(4))];
        _network.Go.Set();
        foreach (Task<BatchOutcome> end in ends)
            Assert.Equal(BatchOutcome.Done, await end);
        Assert.Equal([[0], [1, 2], [4]], _network.Batches);
        Assert.Equal([[3]], other.Batches);
    }

    [Fact]
    public async Task A_failing_batch_fails_its_requests_alone()
    {
        using BatchQueue queue = Create(limit: 100);
        _network.Go.Set();
        _network.Failure = new InvalidOperationException("broken");
        BatchWork many = new(_network, new float[12], 12, long.MaxValue);
        Assert.Equal("broken", (await Assert.ThrowsAsync<InvalidOperationException>(() => Add(queue, many))).Message);
        _network.Failure = null;
        Assert.Equal(BatchOutcome.Done, await Add(queue, Work(1)));
        Assert.Equal(0, queue.Waiting);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_runs_where_it_is_if_it_takes_one_thread_and_that_of_the_kernels_is_idle(bool isSmall)
    {
        using Network network = new() { IsSmall = isSmall };
        network.Go.Set();
        using BatchQueue queue = new(100, TimeSpan.Zero, new("test"));
        Assert.True(SpinWait.SpinUntil(() =>
        {
            queue.Add(new(network, [1], 1, long.MaxValue)).AsTask().Wait();
            return isSmall == (network.Thread == Environment.CurrentManagedThreadId);
        }, 10_000));
        BatchWork late = new(network, [1], 1, deadline: 0), many = new(network, new float[12], 12, long.MaxValue);
        Assert.Equal(BatchOutcome.Expired, await queue.Add(late));
        Assert.Equal(BatchOutcome.Done, await queue.Add(many));
        await Task.Yield(); // that came back on the executor thread, where the next test would wait for itself
        Assert.Equal([8, 4], network.Batches.TakeLast(2).Select(b => b.Length));
        Assert.Equal(0, queue.Waiting);
    }

    [Fact]
    public async Task Stopping_answers_all_that_was_accepted()
    {
        using BatchQueue queue = Create(limit: 100, delay: TimeSpan.FromSeconds(60));
        Task<BatchOutcome>[] ends = [.. Enumerable.Range(0, 3).Select(i => Add(queue, Work(i)))];
        Task stop = queue.Stop();
        Assert.Equal(BatchOutcome.Stopping, await Add(queue, Work(9)));
        _network.Begun.Wait();
        Assert.False(stop.IsCompleted);
        _network.Go.Set();
        await stop;
        foreach (Task<BatchOutcome> end in ends)
            Assert.Equal(BatchOutcome.Done, await end);
        await queue.Stop();
    }

    [Theory]
    [InlineData(5, 8)] // 16 images in the lanes of a vector: 8 cost what 4 do
    [InlineData(1, 1)]
    [InlineData(8, 8)]
    public void A_larger_batch_is_filled_up_where_it_costs_no_more(int waiting, int size) =>
        Assert.Equal(size, ClassifierNetwork.Choose([1, 2, 4, 8], [1, 1.05, 1.1, 1.2])[waiting]);

    [Theory]
    [InlineData(5, 4)] // each picture costs the same: the fifth comes with the next batch
    [InlineData(7, 4)]
    [InlineData(3, 2)]
    [InlineData(8, 8)]
    public void A_larger_batch_is_not_filled_up_where_each_picture_costs(int waiting, int size) =>
        Assert.Equal(size, ClassifierNetwork.Choose([1, 2, 4, 8], [1.2, 2.1, 4, 7.6])[waiting]);

    private BatchQueue Create(int limit, TimeSpan delay = default) => new(limit, delay, new("test"), _posted.Add);

    private static Task<BatchOutcome> Add(BatchQueue queue, BatchWork work) => queue.Add(work).AsTask();

    private BatchWork Work(float input) => new(_network, [input], 1, long.MaxValue);

    /// <summary>Gives each input's negative.</summary>
    private sealed class Network : IBatchNetwork
    {
        public ManualResetEventSlim Begun { get; } = new();

        public ManualResetEventSlim Go { get; } = new();

        public List<float[]> Batches { get; } = [];

        public Exception? Failure { get; set; }

        public int InputLength => 1;

        public int OutputLength => 1;

        public int MaxBatch => 8;

        public int SizeFor(int waiting) => 8;

        public bool IsForOneThread(int size) => IsSmall;

        public bool IsSmall { get; init; }

        public int Thread { get; private set; }

        public void Run(ReadOnlySpan<BatchPart> parts, int size)
        {
            Thread = Environment.CurrentManagedThreadId;
            Begun.Set();
            Go.Wait();
            if (Failure is not null)
                throw Failure;
            List<float> inputs = [];
            foreach (BatchPart part in parts)
                for (int i = part.First; i < part.First + part.Count; i++)
                {
                    inputs.Add(part.Work.Inputs[i]);
                    part.Work.Outputs[i] = -part.Work.Inputs[i];
                }
            Assert.True(inputs.Count <= size);
            Batches.Add([.. inputs]);
        }

        public void Dispose()
        {
            Begun.Dispose();
            Go.Dispose();
        }
    }
}
