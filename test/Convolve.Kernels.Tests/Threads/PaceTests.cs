using System.Diagnostics;
using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Tests.Threads;

/// <summary>When the team becomes narrower and wider, by times that a test makes up.</summary>
public sealed class PaceTests
{
    // A piece of work is 100 us on one thread.
    private static readonly long Work = Ticks(0.1);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    public void On_a_quiet_machine_all_threads_compute(int threads)
    {
        Pace pace = new(threads, new FakeScheduler());
        for (int i = 0; i < 100_000; i++)
        {
            pace.Note(Work / threads * 6 / 5, Work);
            Assert.Equal(threads, pace.Width);
        }
        Assert.False(pace.IsHeldUp);
    }

    [Fact]
    public void A_single_turn_of_another_program_is_forgiven()
    {
        Pace pace = new(2, new FakeScheduler());
        for (int i = 0; i < 50_000; i++)
        {
            pace.Note(i > 2000 && i % 400 == 0 ? Ticks(6) : Work / 2, Work);
            Assert.Equal(2, pace.Width);
        }
    }

    [Fact]
    public void Beside_a_busy_core_fewer_compute_and_little_is_lost_by_trying_again()
    {
        Pace pace = new(2, new FakeScheduler());
        double wall = 0, least = 0;
        int trials = 0;
        for (int i = 0; least < Ticks(20_000); i++)
        {
            bool isWide = pace.Width == 2;
            long time = isWide ? (i % 10 == 0 ? Ticks(4) : Work / 2) : Work;
            pace.Note(time, Work);
            (wall, least) = (wall + time, least + Work);
            trials += !isWide && pace.Width == 2 ? 1 : 0;
        }
        Assert.True(pace.IsHeldUp);
        Assert.InRange(trials, 5, 20); // of 20 s
        Assert.InRange(wall / least, 1, 1.01);
    }

    [Fact]
    public void When_the_core_is_free_again_all_compute_within_two_seconds()
    {
        Pace pace = new(2, new FakeScheduler());
        for (int i = 0; i < 100_000; i++)
            pace.Note(pace.Width == 2 ? Ticks(3) : Work, Work);
        Assert.True(pace.IsHeldUp);
        double wall = 0;
        while (pace.IsHeldUp)
        {
            long time = pace.Width == 2 ? Work / 2 : Work;
            pace.Note(time, Work);
            wall += time;
        }
        Assert.Equal(2, pace.Width);
        Assert.InRange(wall, 0, Ticks(2000));
    }

    // Eight threads of which one waits take as long as four, which compute two shares each; where four cores are busy it takes more.
    [Fact]
    public void Of_many_threads_no_more_stop_than_must()
    {
        Pace pace = new(8, new FakeScheduler());
        Assert.Equal([8, 4, 3, 2, 1], WidthsBeside(pace, width => width <= 1));
        Assert.Equal([8, 4], WidthsBeside(new(8, new FakeScheduler()), width => width <= 4)[..2]);
        Assert.DoesNotContain(3, WidthsBeside(new(8, new FakeScheduler()), width => width <= 4));

        static int[] WidthsBeside(Pace pace, Func<int, bool> isQuiet)
        {
            List<int> widths = [8];
            for (int i = 0; i < 3000; i++)
            {
                int rounds = (8 + pace.Width - 1) / pace.Width;
                pace.Note(isQuiet(pace.Width) ? Work * rounds / 8 : Ticks(4), Work);
                if (widths[^1] != pace.Width)
                    widths.Add(pace.Width);
            }
            return [.. widths.Distinct()];
        }
    }

    // A fork and a join take longer than work of a microsecond: one thread is faster then, and no other program has part in it.
    [Fact]
    public void Tiny_work_is_one_thread_s_and_nothing_holds_it_up()
    {
        Pace pace = new(2, new FakeScheduler());
        for (int i = 0; i < 200_000; i++)
            pace.Note(pace.Width == 2 ? Ticks(0.002) : Ticks(0.001), Ticks(0.001));
        Assert.False(pace.IsHeldUp);
    }

    // The host of a virtual machine stops a thread for a while: the system knows of no wait then, and a narrower team is stopped as often.
    [Fact]
    public void Stalls_that_the_scheduler_does_not_know_of_are_forgiven()
    {
        Pace pace = new(2, new FakeScheduler { Waited = 0 });
        for (int i = 0; i < 50_000; i++)
        {
            pace.Note(i % 20 == 0 ? Ticks(5) : Work / 2, Work);
            Assert.Equal(2, pace.Width);
        }
        Assert.False(pace.IsHeldUp);
    }

    [Fact]
    public void Where_threads_wait_for_cores_that_are_never_idle_a_wider_team_is_tried_each_ten_seconds()
    {
        FakeScheduler scheduler = new() { Waited = 0, Idle = 0 };
        Pace pace = new(2, scheduler);
        long time = 0;
        int trials = 0;
        while (time < Ticks(60_000))
        {
            bool isWide = pace.Width == 2;
            long wall = isWide ? Ticks(3) : Work;
            scheduler.Waited += isWide ? Ticks(3) : 0;
            pace.Note(wall, Work);
            time += wall;
            trials += !isWide && pace.Width == 2 ? 1 : 0;
        }
        Assert.True(pace.IsHeldUp);
        Assert.InRange(trials, 4, 6);
    }

    [Fact]
    public void Where_a_core_becomes_idle_a_wider_team_is_tried_at_the_next_look()
    {
        FakeScheduler scheduler = new() { Waited = 0, Idle = 0 };
        Pace pace = new(2, scheduler);
        for (int i = 0; i < 50_000; i++)
        {
            scheduler.Waited += pace.Width == 2 ? Ticks(3) : 0;
            pace.Note(pace.Width == 2 ? Ticks(3) : Work, Work);
        }
        Assert.Equal(1, pace.Width);
        long time = 0;
        while (pace.Width == 1)
        {
            scheduler.Idle += Work;
            pace.Note(Work, Work);
            time += Work;
        }
        Assert.InRange(time, 0, Ticks(2000));
    }

    [Fact]
    public void Threads_that_wait_for_a_core_are_counted()
    {
        Scheduler scheduler = new();
        Assert.NotNull(scheduler.Idle);
        long before = scheduler.Waited!.Value;
        using CountdownEvent ready = new(4 * Environment.ProcessorCount);
        using ManualResetEventSlim end = new();
        Thread[] threads = [.. Enumerable.Range(0, ready.InitialCount).Select(_ => new Thread(() =>
        {
            Scheduler.Join();
            for (long until = Stopwatch.GetTimestamp() + Ticks(200); Stopwatch.GetTimestamp() < until;)
            {
            }
            ready.Signal();
            end.Wait();
        }))];
        Array.ForEach(threads, thread => thread.Start());
        ready.Wait();
        Assert.True(scheduler.Waited - before > Ticks(200), "four threads a core waited for less than .2 s");
        end.Set();
        Array.ForEach(threads, thread => thread.Join());
        Assert.True(scheduler.Waited - before > Ticks(200));
    }

    private sealed class FakeScheduler : IScheduler
    {
        public long? Waited { get; set; }

        public long? Idle { get; set; }
    }

    private static long Ticks(double milliseconds) => (long)(milliseconds * Stopwatch.Frequency / 1000);
}
