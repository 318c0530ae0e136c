namespace Convolve.Kernels.Threads;

/// <summary>A piece of work that is bound once and runs without allocation afterwards.</summary>
internal abstract class Runnable : IDisposable
{
    public abstract void Run();

    public abstract void Dispose();
}

/// <summary>An own kernel, on all threads of the team.</summary>
internal sealed class TeamRunnable(ITeamWork work) : Runnable
{
    private readonly TeamTask _task = new(work);

    public override void Run() => ThreadTeam.Run(_task);

    public override void Dispose() => _task.Dispose();
}

/// <summary>An own kernel that is too small for a team.</summary>
internal sealed class InlineRunnable(ITeamWork work) : Runnable
{
    public override void Run() => work.Run(0, 1);

    public override void Dispose()
    {
    }
}
