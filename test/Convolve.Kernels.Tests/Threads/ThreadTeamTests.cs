using System.Collections.Concurrent;
using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Tests.Threads;

/// <summary>Runs here with the managed threads, and in Convolve.OneDnn.Tests with those of the library.</summary>
[Collection("Alone")]
public sealed class ThreadTeamTests : IDisposable
{
    private readonly int _threads = ThreadTeam.Threads;

    public void Dispose()
    {
        ThreadTeam.FixedWidth = null;
        ThreadTeam.Resize(_threads);
    }

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

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Work_that_throws_throws_at_the_caller_once(int width)
    {
        Recorder work = new() { FailsAt = 1 };
        using TeamTask task = new(work);
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(2);
            ThreadTeam.FixedWidth = width;
            Assert.Equal("share 1", Assert.Throws<FormatException>(() => ThreadTeam.Run(task)).Message);
            work.FailsAt = -1;
            ThreadTeam.Run(task);
            work.FailsAt = 0;
            Assert.Equal("share 0", Assert.Throws<FormatException>(() => ThreadTeam.Run(task)).Message);
        });
    }

    // Thousands of short pieces of work, so that threads come late to some and find them done.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Fewer_threads_compute_each_share_once(int threads)
    {
        int[] times = new int[threads];
        HashSet<int> sizes = [];
        using TeamTask task = new(new Each((share, shares) =>
        {
            Interlocked.Increment(ref times[share]);
            if (shares != threads)
                sizes.Add(shares);
        }));
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(threads);
            for (int i = 1; i <= 3000; i++)
            {
                ThreadTeam.FixedWidth = 1 + i / 7 % threads;
                Assert.Equal(ThreadTeam.FixedWidth, ThreadTeam.Width);
                ThreadTeam.Run(task);
                Assert.All(times, t => Assert.Equal(i, t));
            }
        });
        Assert.Empty(sizes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void All_shares_are_computed_where_some_throw_and_the_first_one_s_exception_comes(int width)
    {
        int computed = 0;
        using TeamTask task = new(new Each((share, _) =>
        {
            Interlocked.Increment(ref computed);
            if (share is 1 or 3)
                throw new FormatException($"share {share}");
        }));
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(4);
            ThreadTeam.FixedWidth = width;
            for (int i = 1; i <= 50; i++)
            {
                Assert.Equal("share 1", Assert.Throws<FormatException>(() => ThreadTeam.Run(task)).Message);
                Assert.Equal(4 * i, computed);
            }
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_share_may_run_work_which_it_computes_alone(int width)
    {
        List<int> inner = [];
        using TeamTask innerTask = new(new Each((share, shares) => inner.Add(10 * shares + share)));
        using ManualResetEventSlim hasRun = new();
        using TeamTask task = new(new Each((_, _) =>
        {
            if (!ThreadTeam.IsExecutor)
            {
                hasRun.Wait(); // leaves a share for the executor thread
                return;
            }
            if (inner.Count == 0)
                ThreadTeam.Run(innerTask);
            hasRun.Set();
        }));
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(3);
            ThreadTeam.FixedWidth = width;
            ThreadTeam.Run(task);
        });
        Assert.Equal([30, 31, 32], inner);
    }

    // Each job of a queue finds the team at the size that it asked for, whatever others ask for.
    [Fact]
    public void Sizes_of_queued_jobs_do_not_mix()
    {
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            int threads = 1 + i % 3, shares = 0;
            using TeamTask task = new(new Each((_, count) => Assert.Equal(threads, count)));
            ThreadTeam.Invoke(() =>
            {
                ThreadTeam.Resize(threads);
                ThreadTeam.Run(task);
                shares = ThreadTeam.Threads;
            });
            Assert.Equal(threads, shares);
            ThreadTeam.Resize(2);
        });
    }

    [Fact]
    public void Longer_jobs_serve_shorter_ones_between_their_steps_only()
    {
        ConcurrentQueue<string> order = new();
        using ManualResetEventSlim begun = new();
        Thread[] others = [];
        ThreadTeam.Invoke(() =>
        {
            JobKind[] kinds = [JobKind.Training, JobKind.Short, JobKind.Evaluation];
            others = [.. kinds.Select(kind => new Thread(() => ThreadTeam.Invoke(() => order.Enqueue($"{kind}"), kind)))];
            foreach (Thread thread in others)
            {
                int waiting = ThreadTeam.Waiting;
                thread.Start();
                SpinWait.SpinUntil(() => ThreadTeam.Waiting > waiting);
            }
            ThreadTeam.Invoke(() => Assert.False(ThreadTeam.ServeQueued())); // within a short job nothing is served
            order.Enqueue("step");
            ThreadTeam.Invoke(() => Assert.True(ThreadTeam.ServeQueued()), JobKind.Evaluation);
            order.Enqueue("evaluated");
            Assert.True(ThreadTeam.ServeQueued());
            Assert.False(ThreadTeam.ServeQueued());
            order.Enqueue("end");
        }, JobKind.Training);
        Array.ForEach(others, thread => thread.Join());
        Assert.Equal(["step", "Short", "evaluated", "Evaluation", "end", "Training"], order);
        Assert.Throws<InvalidOperationException>(() => ThreadTeam.ServeQueued());
    }

    [Fact]
    public void A_callback_runs_on_the_caller_s_thread_while_jobs_are_served()
    {
        Thread caller = Thread.CurrentThread;
        List<string> order = [];
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.CallBack(() =>
            {
                Assert.Same(caller, Thread.CurrentThread);
                ThreadTeam.Invoke(() => ThreadTeam.CallBack(() => order.Add(Thread.CurrentThread == caller ? "inner" : "elsewhere")));
                Task.Run(() => ThreadTeam.Invoke(() => order.Add("of another thread"))).Wait();
                order.Add("outer");
            });
            Assert.Equal("back",
                Assert.Throws<FormatException>(() => ThreadTeam.CallBack(() => throw new FormatException("back"))).Message);
            order.Add("end");
        }, JobKind.Training);
        Assert.Equal(["inner", "of another thread", "outer", "end"], order);
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
        long least = long.MaxValue;
        // Where other programs hold the team up, it changes its width now and then, which may cost a thread.
        for (int attempt = 0; attempt < 5; attempt++)
            ThreadTeam.Invoke(() =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 100; i++)
                    ThreadTeam.Run(task);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            });
        Assert.Equal(0, least);
    }

    [Fact]
    public void Zero_threads_means_all_and_fewer_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ThreadTeam.Resize(-1));
        ThreadTeam.Resize(1);
        Assert.Equal(1, ThreadTeam.Threads);
        ThreadTeam.Resize(0);
        string? asked = Environment.GetEnvironmentVariable("OMP_NUM_THREADS");
        Assert.Equal(asked is null ? Environment.ProcessorCount : int.Parse(asked, System.Globalization.CultureInfo.InvariantCulture),
            ThreadTeam.Threads);
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

    private sealed class Each(Action<int, int> action) : ITeamWork
    {
        public void Run(int thread, int threads) => action(thread, threads);
    }

    private sealed class Counter : ITeamWork
    {
        private int _count;

        public void Run(int thread, int threads) => Interlocked.Increment(ref _count);
    }
}
