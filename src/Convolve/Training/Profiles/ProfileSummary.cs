using Convolve.Graphs;

namespace Convolve.Training.Profiles;

/// <summary>The time of a layer in all steps of a training.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Forward">Also of what runs inside it, as an activation.</param>
/// <param name="Backward">The gradients of its input and its weights.</param>
/// <param name="Update">A share of all updates, by its weights: they are one pass over memory.</param>
internal readonly record struct LayerTime(string Layer, TimeSpan Forward, TimeSpan Backward, TimeSpan Update)
{
    public TimeSpan Total => Forward + Backward + Update;
}

/// <summary>A profile in a few figures. The parts don't overlap, and their sum is the whole.</summary>
/// <param name="Steps">Of training.</param>
/// <param name="Layers">That took any time, in the network's order.</param>
/// <param name="Elapsed">The whole.</param>
/// <param name="Computing">Layers, loss and updates, without what threads were idle.</param>
/// <param name="Idle">Threads that waited for others at the end of work, in the mean.</param>
/// <param name="Loading">Images into batches, without what threads were idle.</param>
/// <param name="Evaluation">Validation and test.</param>
/// <param name="Between">The rest: sums of gradients within steps; records, progress and checkpoints between them.</param>
/// <param name="Waited">
/// Within all of these: a thread that was ready and had no core, in the mean; null where the system doesn't say.
/// </param>
internal sealed record ProfileSummary(int Steps, IReadOnlyList<LayerTime> Layers, TimeSpan Elapsed, TimeSpan Computing, TimeSpan Idle,
    TimeSpan Loading, TimeSpan Evaluation, TimeSpan Between, TimeSpan? Waited)
{
    public static ProfileSummary Of(TrainingProfile profile, Graph graph)
    {
        int[] all = [.. Enumerable.Range(0, profile.Works.Count)];
        TimeSpan Sum(Func<ProfiledWork, bool> takes, Func<int, TimeSpan> of) =>
            all.Where(i => takes(profile.Works[i])).Aggregate(TimeSpan.Zero, (sum, i) => sum + of(i));
        TimeSpan Busy(int i) => profile.TimeOf(i) - profile.IdleOf(i);
        TimeSpan update = Sum(work => work.Part == ProfilePart.Update, profile.TimeOf);
        double learned = graph.ParameterCount;
        LayerTime[] layers = [.. graph.Nodes.Select(node => new LayerTime(node.Name,
            Sum(work => work.Layer == node.Name && work.Part == ProfilePart.Forward, profile.TimeOf),
            Sum(work => work.Layer == node.Name && work.Part is ProfilePart.Backward or ProfilePart.Loss,
                profile.TimeOf), update * (learned > 0 ? node.ParameterCount / learned : 0)))
            .Where(layer => layer.Total > TimeSpan.Zero)];
        TimeSpan computing = Sum(work => work.Part is not (ProfilePart.Loading or ProfilePart.Evaluation), Busy);
        TimeSpan loading = Sum(work => work.Part == ProfilePart.Loading, Busy);
        TimeSpan idle = Sum(work => work.Part != ProfilePart.Evaluation, profile.IdleOf);
        TimeSpan evaluation = Sum(work => work.Part == ProfilePart.Evaluation, profile.TimeOf);
        return new(profile.Steps, layers, profile.Elapsed, computing, idle, loading, evaluation,
            profile.Elapsed - computing - loading - idle - evaluation, profile.Waited);
    }
}
