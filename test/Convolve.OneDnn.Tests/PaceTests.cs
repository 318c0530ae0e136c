using System.Diagnostics;

namespace Convolve.OneDnn.Tests;

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
        Pace pace = new(threads);
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
        Pace pace = new(2);
        for (int i = 0; i < 50_000; i++)
        {
            pace.Note(i > 2000 && i % 400 == 0 ? Ticks(6) : Work / 2, Work);
            Assert.Equal(2, pace.Width);
        }
    }

    [Fact]
    public void Beside_a_busy_core_fewer_compute_and_little_is_lost_by_trying_again()
    {
        Pace pace = new(2);
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
        Pace pace = new(2);
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
        Pace pace = new(8);
        Assert.Equal([8, 4, 3, 2, 1], WidthsBeside(pace, width => width <= 1));
        Assert.Equal([8, 4], WidthsBeside(new(8), width => width <= 4)[..2]);
        Assert.DoesNotContain(3, WidthsBeside(new(8), width => width <= 4));

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
        Pace pace = new(2);
        for (int i = 0; i < 200_000; i++)
            pace.Note(pace.Width == 2 ? Ticks(0.002) : Ticks(0.001), Ticks(0.001));
        Assert.False(pace.IsHeldUp);
    }

    private static long Ticks(double milliseconds) => (long)(milliseconds * Stopwatch.Frequency / 1000);
}
