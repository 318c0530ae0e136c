using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Tests.Threads;

/// <summary>Callers that run work for one thread in place of the executor thread.</summary>
[Collection("Alone")]
public sealed class ThreadTurnTests
{
    [Fact]
    public void A_caller_takes_the_place_of_the_idle_executor()
    {
        int threads = ThreadTeam.Threads;
        Begin();
        List<(int Share, int Shares, int Thread)> runs = [];
        try
        {
            Assert.True(ThreadTeam.IsExecutor);
            Assert.Equal(1, ThreadTeam.Threads);
            Assert.False(ThreadTeam.TryBegin());
            using TeamTask task = new(new Work(runs));
            ThreadTeam.Run(task);
            ThreadTeam.Invoke(() => ThreadTeam.Run(task));
        }
        finally
        {
            ThreadTeam.End();
        }
        Assert.Equal([(0, 1, Environment.CurrentManagedThreadId), (0, 1, Environment.CurrentManagedThreadId)], runs);
        Assert.False(ThreadTeam.IsExecutor);
        Assert.Equal(threads, ThreadTeam.Threads);
    }

    [Fact]
    public void Jobs_wait_for_it_and_it_does_not_get_in_before_them()
    {
        Begin();
        using ManualResetEventSlim done = new();
        Thread other = new(() =>
        {
            Assert.False(ThreadTeam.TryBegin());
            ThreadTeam.Invoke(done.Set);
        });
        other.Start();
        Assert.False(done.Wait(100));
        ThreadTeam.End();
        Assert.True(done.Wait(10_000));
        other.Join();
    }

    [Fact]
    public void Nobody_gets_in_while_a_job_runs()
    {
        using ManualResetEventSlim begun = new(), go = new();
        Thread other = new(() => ThreadTeam.Invoke(() =>
        {
            begun.Set();
            go.Wait();
        }));
        other.Start();
        begun.Wait();
        Assert.False(ThreadTeam.TryBegin());
        go.Set();
        other.Join();
        Begin();
        ThreadTeam.End();
    }

    [Fact]
    public void Many_callers_and_jobs_never_run_at_once()
    {
        int running = 0, calls = 0, here = 0;
        void Once()
        {
            Assert.Equal(1, ++running); // unguarded: one thread at a time
            calls++;
            running--;
        }
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 500; i++)
            {
                if (!ThreadTeam.TryBegin())
                {
                    ThreadTeam.Invoke(Once);
                    continue;
                }
                Once();
                here++;
                ThreadTeam.End();
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.Equal(4000, calls);
        Assert.True(here > 0);
    }

    [Fact]
    public void After_the_first_a_job_allocates_nothing_at_its_caller()
    {
        Action action = static () => { };
        for (int i = 0; i < 3; i++)
            ThreadTeam.Invoke(action);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            ThreadTeam.Invoke(action);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    // The executor is idle a moment after its last job has ended.
    private static void Begin()
    {
        ThreadTeam.Invoke(static () => { });
        Assert.True(SpinWait.SpinUntil(ThreadTeam.TryBegin, 10_000));
    }

    private sealed class Work(List<(int Share, int Shares, int Thread)> runs) : ITeamWork
    {
        public void Run(int thread, int threads) => runs.Add((thread, threads, Environment.CurrentManagedThreadId));
    }
}
