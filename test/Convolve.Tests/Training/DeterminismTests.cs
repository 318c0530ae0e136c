using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Tests.Runs;

namespace Convolve.Tests.Training;

/// <summary>The same recipe, data and number of threads give the same bits: from run to run, and whatever else the machine does.</summary>
public sealed class DeterminismTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Even cases are in float32, odd ones in bfloat16 where the processor has it.
    [Theory]
    [InlineData(4, 1)]
    [InlineData(4, 3)]
    [InlineData(5, 2)]
    [InlineData(6, 2)]
    [InlineData(9, 2)]
    public void A_run_repeats_to_the_bit_also_on_a_busy_machine(int number, int threads)
    {
        ResumeCase run = new(number) { Threads = threads };
        run.Run(_folder["first"]);
        run.Run(_folder["second"]);
        using (new BusyThreads(2 * Environment.ProcessorCount))
            run.Run(_folder["busy"]);
        Assert.Equal(RunSnapshot.Of(_folder["first"]), RunSnapshot.Of(_folder["second"]));
        Assert.Equal(RunSnapshot.Of(_folder["first"]), RunSnapshot.Of(_folder["busy"]));
    }

    [Theory]
    [InlineData(6)] // float32
    [InlineData(7)] // bfloat16
    public void Interrupted_and_resumed_on_a_busy_machine_a_run_comes_to_the_same_bits(int number)
    {
        ResumeCase run = new(number);
        int epochs = run.Run(_folder["whole"]).Epochs.Count;
        using (new BusyThreads(2 * Environment.ProcessorCount))
            run.RunInterrupted(_folder["interrupted"], epochs);
        Assert.Equal(RunSnapshot.Of(_folder["whole"]), RunSnapshot.Of(_folder["interrupted"]));
    }

    /// <summary>Threads that take the processors from whoever else wants them.</summary>
    private sealed class BusyThreads : IDisposable
    {
        private readonly Thread[] _threads;
        private volatile bool _isOver;

        public BusyThreads(int count)
        {
            _threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(() => { while (!_isOver) Thread.SpinWait(1000); }))];
            Array.ForEach(_threads, t => t.Start());
        }

        public void Dispose()
        {
            _isOver = true;
            Array.ForEach(_threads, t => t.Join());
        }
    }
}
