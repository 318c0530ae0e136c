using System.Collections.Concurrent;

namespace Convolve.OneDnn.Tests;

[Collection(nameof(Alone))]
public sealed class ThreadTeamTests : IDisposable
{
    private readonly int _threads = ThreadTeam.Threads;

    public void Dispose() => ThreadTeam.Resize(_threads);

    [Fact]
    public void Invoke_comes_from_any_thread_and_runs_on_one()
    {
        const int Callers = 12, Calls = 200;
        HashSet<int> executors = [];
        int running = 0, calls = 0;
        Thread[] threads = [.. Enumerable.Range(0, Callers).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < Calls; i++)
                ThreadTeam.Invoke(() =>
                {
                    Assert.Equal(1, ++running); // unguarded: one thread only
                    executors.Add(Environment.CurrentManagedThreadId);
                    Assert.True(ThreadTeam.IsExecutor);
                    calls++;
                    running--;
                });
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.Equal(Callers * Calls, calls);
        Assert.Single(executors);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, executors);
        Assert.False(ThreadTeam.IsExecutor);
    }

    [Fact]
    public void Nested_calls_run_at_once()
    {
        List<string> order = [];
        ThreadTeam.Invoke(() =>
        {
            order.Add("outer");
            ThreadTeam.Invoke(() => ThreadTeam.Invoke(() => order.Add("inner")));
            order.Add("after");
        });
        Assert.Equal(["outer", "inner", "after"], order);
    }

    [Fact]
    public void An_exception_comes_back_to_its_caller_and_the_executor_lives_on()
    {
        FormatException thrown = new("from inside");
        Assert.Same(thrown, Assert.Throws<FormatException>(() => ThreadTeam.Invoke(() => throw thrown)));
        Assert.Same(thrown, Assert.Throws<FormatException>(() => ThreadTeam.Invoke(() => ThreadTeam.Invoke(() => throw thrown))));
        bool ran = false;
        ThreadTeam.Invoke(() => ran = true);
        Assert.True(ran);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Work_reaches_every_thread_of_the_team_once(int threads)
    {
        Recorder work = new();
        using TeamTask task = new(work);
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(threads);
            for (int i = 0; i < 20; i++)
            {
                work.Seen.Clear();
                ThreadTeam.Run(task);
                Assert.Equal(Enumerable.Range(0, threads), work.Seen.Select(s => s.Thread).Order());
                Assert.All(work.Seen, s => Assert.Equal(threads, s.Threads));
            }
        });
        Assert.Equal(threads, ThreadTeam.Threads);
    }

    [Fact]
    public void Work_that_throws_throws_at_the_caller_once()
    {
        Recorder work = new() { FailsAt = 1 };
        using TeamTask task = new(work);
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(2);
            Assert.Equal("share 1", Assert.Throws<FormatException>(() => ThreadTeam.Run(task)).Message);
            work.FailsAt = -1;
            ThreadTeam.Run(task);
            work.FailsAt = 0;
            Assert.Equal("share 0", Assert.Throws<FormatException>(() => ThreadTeam.Run(task)).Message);
        });
    }

    [Fact]
    public void Disposed_work_is_refused()
    {
        TeamTask task = new(new Recorder());
        task.Dispose();
        task.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ThreadTeam.Invoke(() => ThreadTeam.Run(task)));
    }

    [Fact]
    public void Work_elsewhere_than_on_the_executor_is_refused()
    {
        using TeamTask task = new(new Recorder());
        Assert.Throws<InvalidOperationException>(() => ThreadTeam.Run(task));
    }

    [Fact]
    public void Running_again_and_again_allocates_nothing()
    {
        using TeamTask task = new(new Counter());
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Run(task);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
                ThreadTeam.Run(task);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        });
    }

    [Fact]
    public void Zero_threads_means_all_and_fewer_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ThreadTeam.Resize(-1));
        ThreadTeam.Resize(1);
        Assert.Equal(1, ThreadTeam.Threads);
        ThreadTeam.Resize(0);
        string? asked = Environment.GetEnvironmentVariable("OMP_NUM_THREADS");
        Assert.Equal(asked is null ? Environment.ProcessorCount : int.Parse(asked, System.Globalization.CultureInfo.InvariantCulture), ThreadTeam.Threads);
    }

    // A kernel divides its work among the threads of the team it was compiled for; the result may not depend on how many there are.
    [Fact]
    public void A_kernel_gives_the_same_for_every_size_of_the_team()
    {
        IKernelLibrary library = KernelLibrary.Current;
        ConvolutionForward operation = new(true, library.Any(ElementType.Float32, 3, 16, 9, 9),
            library.Any(ElementType.Float32, 16, 16, 3, 3), null, library.Any(ElementType.Float32, 3, 16, 7, 7), new((1, 1), (1, 1), (0, 0), (0, 0)));
        Dictionary<Argument, float[]> inputs = new()
        {
            [Argument.Source] = KernelRunner.Numbers(3 * 16 * 81, 1),
            [Argument.Weights] = KernelRunner.Numbers(16 * 16 * 9, 2),
        };
        float[][] results = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            ThreadTeam.Resize(threads);
            return KernelRunner.Run(operation, inputs)[Argument.Target];
        })];
        Assert.All(results, result => Assert.Equal(results[0], result));
    }

    private sealed class Recorder : ITeamWork
    {
        public ConcurrentBag<(int Thread, int Threads)> Seen { get; } = [];

        public int FailsAt { get; set; } = -1;

        public void Run(int thread, int threads)
        {
            Seen.Add((thread, threads));
            if (thread == FailsAt)
                throw new FormatException($"share {thread}");
        }
    }

    private sealed class Counter : ITeamWork
    {
        private int _count;

        public void Run(int thread, int threads) => Interlocked.Increment(ref _count);
    }
}
