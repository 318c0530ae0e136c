using System.Diagnostics;

namespace Convolve.OneDnn;

/// <summary>Decides how many threads compute the shares of the team's work: all of them while that is the fastest, fewer while others keep the cores busy.</summary>
/// <remarks>
/// Where a core is busy elsewhere, each piece of work waits until the scheduler gives the slowest thread its turn, which takes milliseconds for work of
/// microseconds. So each piece is compared with what fewer threads, who wait for nobody, would have needed. A wider team is tried again after a while.
/// </remarks>
internal sealed class Pace
{
    // In stopwatch ticks of running pieces. A few turns of another program (3 to 8 ms each) are forgiven; a team that is on trial is given less.
    private static readonly long Patience = Ticks(24), TrialPatience = Ticks(6), Trial = Ticks(60), FirstPause = Ticks(100), LongestPause = Ticks(1600), StallFloor = Ticks(0.5);
    private const double Margin = 0.95, StallFactor = 1.5;

    // Each level takes one round more, of as few threads as that needs: of 8 shares 8 threads, 4, 3, 2, 1.
    private readonly int _shares;
    private readonly int[] _rounds;
    private int _level, _stalls;
    private long _time, _debt, _pause = FirstPause;

    /// <param name="shares">Of each piece of work.</param>
    public Pace(int shares)
    {
        (_shares, Width) = (shares, shares);
        _rounds = [.. Enumerable.Range(1, shares).DistinctBy(WidthOf)];
    }

    /// <summary>Threads that compute now.</summary>
    public int Width { get; private set; }

    /// <summary>Whether they are fewer than the shares because some waited for their turn.</summary>
    public bool IsHeldUp { get; private set; }

    /// <summary>Notes a piece of work.</summary>
    /// <param name="wall">What it took, in stopwatch ticks.</param>
    /// <param name="work">What all shares take on one thread that nobody disturbs.</param>
    public void Note(long wall, long work)
    {
        _time += wall;
        if (wall > StallFactor * work * _rounds[_level] / _shares + StallFloor)
            _stalls++;
        if (_level + 1 < _rounds.Length)
        {
            _debt = Math.Max(0, _debt + wall - (long)(Margin * work * _rounds[_level + 1] / _shares));
            if (_debt > (_time < Trial ? TrialPatience : Patience))
            {
                _pause = _time >= Trial ? FirstPause : Math.Min(2 * _pause, LongestPause);
                IsHeldUp |= _stalls > 0;
                Go(_level + 1);
                return;
            }
        }
        if (_level > 0 && _time > _pause)
            Go(_level - 1);
        else if (_level == 0 && IsHeldUp && _time >= Trial)
            IsHeldUp = false;
    }

    private void Go(int level)
    {
        (_level, _time, _debt, _stalls) = (level, 0, 0, 0);
        Width = WidthOf(_rounds[level]);
    }

    private int WidthOf(int rounds) => (_shares + rounds - 1) / rounds;

    private static long Ticks(double milliseconds) => (long)(milliseconds * Stopwatch.Frequency / 1000);
}
