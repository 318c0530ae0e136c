using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Terminal;
using Convolve.Files;
using Convolve.Training;
using Convolve.Training.Profiles;

namespace Convolve.Cli.Screens;

/// <summary>Where the time of a training went: each layer in a step, and the whole run.</summary>
internal sealed class ProfileScreen
{
    private readonly ProfileSummary _summary;
    private readonly string _file, _kept;

    private ProfileScreen(ProfileSummary summary, string file, string kept) => (_summary, _file, _kept) = (summary, file, kept);

    /// <summary>Writes the trace into the run folder; null where no step was done.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public static ProfileScreen? Write(Trainer trainer, string folder)
    {
        if (trainer.Profile is not { Steps: > 0 } profile)
            return null;
        string file = Path.Combine(folder, ProfileTrace.FileName);
        AtomicFile.WriteBytes(file, ProfileTrace.Write(profile, $"{trainer.Recipe.Network} on {trainer.Recipe.Dataset}"));
        string kept = profile.KeptSteps == profile.Steps ? "all steps" : profile.KeptSteps == 1 ? "the first step"
            : $"the first {Format.Count(profile.KeptSteps)} steps";
        return new(ProfileSummary.Of(profile, trainer.Graph), file, kept);
    }

    /// <summary>For people.</summary>
    public void Show(Output output)
    {
        output.Line();
        Table layers = Output.Columns("layer", "forward#", "backward#", "update#", "ms a step#", "share#");
        double all = _summary.Layers.Sum(layer => layer.Total.TotalSeconds);
        foreach (LayerTime layer in _summary.Layers)
            Output.Row(layers, layer.Layer, Step(layer.Forward), Step(layer.Backward), Step(layer.Update), Step(layer.Total),
                Format.Percent(layer.Total.TotalSeconds / all));
        Output.Row(layers, "total", Step(Sum(layer => layer.Forward)), Step(Sum(layer => layer.Backward)), Step(Sum(layer => layer.Update)),
            Step(Sum(layer => layer.Total)), Format.Percent(1));
        output.Table(layers);
        output.Line();
        Table parts = Output.Columns(new("time") { Folds = true }, "s#", "ms a step#", "share#");
        foreach ((string name, TimeSpan time) in Parts)
            Output.Row(parts, name, Seconds(time), name == EvaluationName ? "" : Step(time), Format.Percent(time / _summary.Elapsed));
        Output.Row(parts, "total", Seconds(_summary.Elapsed), "", Format.Percent(1));
        output.Table(parts);
        if (_summary.Waited is { } waited)
            output.Fact("waiting", $"each thread was ready and had no core for {Seconds(waited)} s of that " +
                $"({Format.Percent(waited / _summary.Elapsed)}): other programs were using them");
        output.Fact("trace", $"{_file}: {_kept}, for https://ui.perfetto.dev or chrome://tracing");
    }

    /// <summary>For machines.</summary>
    public JsonObject Json() => new()
    {
        ["trace"] = Path.GetFullPath(_file),
        ["steps"] = _summary.Steps,
        ["seconds"] = _summary.Elapsed.TotalSeconds,
        ["computing_seconds"] = _summary.Computing.TotalSeconds,
        ["idle_seconds"] = _summary.Idle.TotalSeconds,
        ["loading_seconds"] = _summary.Loading.TotalSeconds,
        ["evaluation_seconds"] = _summary.Evaluation.TotalSeconds,
        ["between_seconds"] = _summary.Between.TotalSeconds,
        ["waited_seconds"] = _summary.Waited?.TotalSeconds,
        ["layers"] = new JsonArray([.. _summary.Layers.Select(layer => new JsonObject
        {
            ["name"] = layer.Layer,
            ["forward_seconds"] = layer.Forward.TotalSeconds,
            ["backward_seconds"] = layer.Backward.TotalSeconds,
            ["update_seconds"] = layer.Update.TotalSeconds,
        })]),
    };

    private const string EvaluationName = "validation and test";

    private (string Name, TimeSpan Time)[] Parts =>
    [
        ("computing", _summary.Computing), ("barriers (threads that waited for the last one)", _summary.Idle),
        ("loading data", _summary.Loading), ("between the work of steps", _summary.Between), (EvaluationName, _summary.Evaluation),
    ];

    private TimeSpan Sum(Func<LayerTime, TimeSpan> of) => _summary.Layers.Aggregate(TimeSpan.Zero, (sum, layer) => sum + of(layer));

    private string Step(TimeSpan time) => (time.TotalMilliseconds / _summary.Steps).ToString("F3", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("F2", CultureInfo.InvariantCulture);
}
