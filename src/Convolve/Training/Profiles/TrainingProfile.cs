using System.Diagnostics;
using Convolve.Execution;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Training.Profiles;

/// <summary>What the time of a training is spent on.</summary>
internal enum ProfilePart
{
    Forward,
    Loss,
    Backward,
    Update,
    Loading,
    Evaluation,
}

/// <summary>A piece of work of a profile.</summary>
/// <param name="Name">Such as "conv1 forward".</param>
/// <param name="Layer">The layer that it is for; empty for none.</param>
/// <param name="Part">What it is.</param>
internal readonly record struct ProfiledWork(string Name, string Layer, ProfilePart Part);

/// <summary>When a piece of work ran, in stopwatch ticks.</summary>
/// <param name="Work">Its number among the pieces; -1 for a whole step of training.</param>
/// <param name="Step">The step of training, from 0.</param>
/// <param name="Start">When it began.</param>
/// <param name="End">When it was done.</param>
/// <param name="Idle">How long a thread of the team had nothing to do meanwhile, in the mean.</param>
internal readonly record struct ProfileSpan(int Work, int Step, long Start, long End, long Idle);

/// <summary>
/// Where the time of a training goes: every step of every pass, loading, updates, evaluations. Sums are kept of all of it, and the spans
/// of the first steps of training.
/// </summary>
/// <remarks>
/// Two looks at the clock for each piece of work, and no memory beyond what is made here. A team's threads are idle from the end of their
/// share until the last one is done, and until the next work begins; that is seen for Convolve's own kernels, loading and updates. Within
/// a kernel of oneDNN nothing is seen.
/// </remarks>
internal sealed class TrainingProfile : IPassObserver
{
    /// <summary>The spans that are kept: of whole steps, from the first on.</summary>
    public const int MostSpans = 40_000;

    private readonly List<ProfiledWork> _works = [new("load", "", ProfilePart.Loading), new("update", "", ProfilePart.Update),
        new("evaluate", "", ProfilePart.Evaluation)];
    private readonly Dictionary<Plan, int> _firsts = [];
    private readonly ProfileSpan[] _spans = new ProfileSpan[MostSpans];
    private long[] _ticks = new long[64], _idle = new long[64];
    private Plan? _plan;
    private int _firstOfPlan, _spanCount, _spansBefore, _largestStep;
    private long _stepStart, _idleBefore, _begin, _end, _stepTicks;
    private long? _waitedBefore;
    private bool _keeps;

    /// <summary>What was done.</summary>
    public IReadOnlyList<ProfiledWork> Works => _works;

    /// <summary>The spans of the first steps.</summary>
    public ReadOnlySpan<ProfileSpan> Spans => _spans.AsSpan(0, _spanCount);

    /// <summary>Steps of training.</summary>
    public int Steps { get; private set; }

    /// <summary>Steps whose spans were kept.</summary>
    public int KeptSteps { get; private set; }

    /// <summary>From the beginning of the first step to the end of the last piece of work.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_begin, _end);

    /// <summary>Within steps of training.</summary>
    public TimeSpan InSteps => Stopwatch.GetElapsedTime(0, _stepTicks);

    /// <summary>
    /// How long a thread of the team was ready and waited for a core, in the mean, because other programs had them; null where the system
    /// doesn't say.
    /// </summary>
    public TimeSpan? Waited { get; private set; }

    /// <summary>The time of a piece of work in all steps.</summary>
    public TimeSpan TimeOf(int work) => Stopwatch.GetElapsedTime(0, _ticks[work]);

    /// <summary>How long the threads were idle within it, in the mean.</summary>
    public TimeSpan IdleOf(int work) => Stopwatch.GetElapsedTime(0, _idle[work]);

    /// <summary>A step of training begins.</summary>
    public void BeginStep()
    {
        ThreadTeam.CountsIdle = true;
        _stepStart = Stopwatch.GetTimestamp();
        if (_begin == 0)
            (_begin, _waitedBefore) = (_stepStart, ThreadTeam.Waited);
        _idleBefore = ThreadTeam.IdleTicks;
        _spansBefore = _spanCount;
        _keeps = _spanCount + _largestStep + 1 < MostSpans && KeptSteps == Steps;
    }

    /// <summary>It is done.</summary>
    public void EndStep()
    {
        _end = Stopwatch.GetTimestamp();
        _stepTicks += _end - _stepStart;
        if (_keeps && _spanCount < MostSpans)
        {
            _spans[_spanCount++] = new(-1, Steps, _stepStart, _end, 0);
            (_largestStep, KeptSteps) = (Math.Max(_largestStep, _spanCount - _spansBefore), KeptSteps + 1);
        }
        else if (_keeps)
            _spanCount = _spansBefore; // the first steps alone were too many
        Steps++;
        ThreadTeam.CountsIdle = false;
    }

    /// <summary>What isn't a step of a pass has run.</summary>
    public void Add(ProfilePart part, long start, long end)
    {
        Add(_works.FindIndex(work => work.Part == part), start, end);
        _end = end;
        if (part == ProfilePart.Evaluation && _waitedBefore is { } before && ThreadTeam.Waited is { } now)
            Waited = Stopwatch.GetElapsedTime(0, (now - before) / ThreadTeam.Threads);
    }

    public void Ran(Plan plan, int step, long start, long end)
    {
        if (plan != _plan)
            Change(plan);
        Add(_firstOfPlan + step, start, end);
    }

    private void Add(int work, long start, long end)
    {
        long all = ThreadTeam.IdleTicks, idle = Math.Min(all - _idleBefore, end - start); // the rest was before it
        _idleBefore = all;
        _ticks[work] += end - start;
        _idle[work] += idle;
        if (_keeps && _spanCount < MostSpans)
            _spans[_spanCount++] = new(work, Steps, start, end, idle);
    }

    private void Change(Plan plan)
    {
        _plan = plan;
        if (_firsts.TryGetValue(plan, out _firstOfPlan))
            return;
        _firsts[plan] = _firstOfPlan = _works.Count;
        foreach (Step step in plan.Steps)
            _works.Add(new(step.Label, step.Node,
                step.Phase switch { Phase.Forward => ProfilePart.Forward, Phase.Loss => ProfilePart.Loss, _ => ProfilePart.Backward }));
        if (_works.Count > _ticks.Length)
        {
            Array.Resize(ref _ticks, 2 * _works.Count);
            Array.Resize(ref _idle, 2 * _works.Count);
        }
    }
}
