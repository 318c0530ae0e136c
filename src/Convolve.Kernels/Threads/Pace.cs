using System.Diagnostics;

namespace Convolve.Kernels.Threads;

/// <summary>
/// Decides how many threads compute the shares of the team's work: all of them while that is the fastest, fewer while others keep the cores
/// busy.
/// </summary>
/// <remarks>
/// Where a core is busy elsewhere, each piece of work waits until the scheduler gives the slowest thread its turn, which takes milliseconds
/// for work of microseconds. So each piece is compared with what fewer threads, which wait for nobody, would have needed. Where the system
/// counts how long threads wait for a core, stalls that it doesn't know of are forgiven: a noisy virtual machine isn't a busy core. A wider
/// team is tried again after a while, once cores are idle.
/// </remarks>
internal sealed class Pace
{
    // In stopwatch ticks of running pieces. A few turns of another program (3 to 8 ms each) are forgiven; a team that is on trial is given
    // less.
    private static readonly long Patience = Ticks(24), TrialPatience = Ticks(6), Trial = Ticks(60), FirstPause = Ticks(100),
        LongestPause = Ticks(1600), LongestWait = Ticks(10_000), StallFloor = Ticks(0.5);
    private const double Margin = 0.95, StallFactor = 1.5, IdleCores = 0.3;

    // Each level takes one round more, of as few threads as that needs: of 8 shares 8 threads, 4, 3, 2, 1.
    private readonly int _shares;
    private readonly int[] _rounds;
    private readonly IScheduler _scheduler;
    private int _level, _stalls;
    private long _time, _from, _debt, _stalled, _pause = FirstPause, _wait;
    private long? _waited, _idle;

    /// <param name="shares">Of each piece of work.</param>
    /// <param name="scheduler">What the system knows of waiting threads.</param>
    public Pace(int shares, IScheduler scheduler)
    {
        (_shares, Width, _scheduler) = (shares, shares, scheduler);
        List<int> rounds = [];
        for (int round = 1; round <= shares; round++)
            if (rounds.Count == 0 || WidthOf(round) < WidthOf(rounds[^1]))
                rounds.Add(round);
        _rounds = [.. rounds];
        _waited = scheduler.Waited;
    }

    /// <summary>Threads that compute now.</summary>
    public int Width { get; private set; }

    /// <summary>Whether they are fewer than the shares because some waited for their turn.</summary>
    public bool IsHeldUp { get; private set; }

    /// <summary>Notes a piece of work.</summary>
    /// <param name="wall">How long it took, in stopwatch ticks.</param>
    /// <param name="work">How long all shares take on one undisturbed thread.</param>
    public void Note(long wall, long work)
    {
        _time += wall;
        bool isStall = wall > StallFactor * work * _rounds[_level] / _shares + StallFloor;
        if (isStall)
            _stalls++;
        if (_level + 1 < _rounds.Length)
        {
            long lost = wall - (long)(Margin * work * _rounds[_level + 1] / _shares);
            _debt += lost;
            _stalled += isStall ? lost : 0;
            if (_debt <= 0)
                (_debt, _stalled) = (0, 0);
            if (_debt > (_time < Trial ? TrialPatience : Patience))
            {
                if (IsNoise())
                {
                    (_debt, _stalled, _stalls) = (0, 0, 0);
                    return;
                }
                _pause = _time >= Trial ? FirstPause : Math.Min(2 * _pause, LongestPause);
                IsHeldUp |= _stalls > 0;
                Go(_level + 1);
                return;
            }
        }
        if (_level > 0 && _time > _wait)
        {
            if (HasIdleCores())
                Go(_level - 1);
        }
        else if (_level == 0 && IsHeldUp && _time >= Trial)
        {
            IsHeldUp = false;
        }
    }

    // Whether the debt comes of stalls and yet the threads hardly waited for a core: the host of a virtual machine took its turn.
    private bool IsNoise()
    {
        long? before = _waited;
        _waited = _scheduler.Waited;
        return _stalled > _debt / 2 && _waited - before < _debt / 4;
    }

    // Whether more threads would find a core; where that is unknown, or has not been so for long, they try.
    private bool HasIdleCores()
    {
        long? before = _idle;
        _idle = _scheduler.Idle;
        if (_time > LongestWait || !(_idle - before < IdleCores * (_time - _from)))
            return true;
        (_from, _wait) = (_time, _time + _pause);
        return false;
    }

    private void Go(int level)
    {
        (_level, _time, _from, _debt, _stalled, _stalls, _wait) = (level, 0, 0, 0, 0, 0, _pause);
        (_waited, _idle) = (_scheduler.Waited, _scheduler.Idle);
        Width = WidthOf(_rounds[level]);
    }

    private int WidthOf(int rounds) => (_shares + rounds - 1) / rounds;

    private static long Ticks(double milliseconds) => (long)(milliseconds * Stopwatch.Frequency / 1000);
}
