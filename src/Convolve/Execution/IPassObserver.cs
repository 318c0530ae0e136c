using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Sees how long each step of a pass takes; called on the thread that runs it.</summary>
internal interface IPassObserver
{
    /// <summary>A step has run.</summary>
    /// <param name="plan">Of the pass.</param>
    /// <param name="step">Its number in the plan.</param>
    /// <param name="start">In stopwatch ticks.</param>
    /// <param name="end">In stopwatch ticks.</param>
    void Ran(Plan plan, int step, long start, long end);
}
