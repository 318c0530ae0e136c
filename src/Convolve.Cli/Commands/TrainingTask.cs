using System.CommandLine;
using System.CommandLine.Parsing;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Runs;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Cli.Commands;

/// <summary>What is to be trained, on what, and how.</summary>
/// <param name="Network">The network as typed, for a next command.</param>
/// <param name="Graph">What it is.</param>
/// <param name="Recipe">How, and on what.</param>
internal sealed record TrainingTask(string Network, Graph Graph, Recipe Recipe)
{
    /// <summary>The same with the network as several processes compute it together.</summary>
    /// <param name="parts">How many; null for as many as the recipe says.</param>
    /// <exception cref="NetworkException">It can't be divided.</exception>
    /// <exception cref="RecipeException">It can't be divided together with what else is asked for.</exception>
    public TrainingTask Divided(int? parts)
    {
        Recipe recipe = Recipe with { ModelParallel = parts ?? Recipe.ModelParallel };
        recipe.Validate();
        return this with
        {
            Recipe = recipe,
            Graph = recipe.ModelParallel > 1 ? NetworkParts.Whole(Graph, recipe.ModelParallel) : Graph,
        };
    }

    /// <summary>Reads the images, showing how far it is, and splits them as the recipe says.</summary>
    /// <exception cref="DatasetException">They are not there, or cannot be read.</exception>
    public DataSplits LoadData(string? dataDirectory, Output output, CancellationToken cancellation) =>
        LoadData(Inputs.DataOptions(dataDirectory, Graph, Recipe), output, cancellation);

    /// <inheritdoc cref="LoadData(string?, Output, CancellationToken)"/>
    public DataSplits LoadData(DatasetOptions options, Output output, CancellationToken cancellation)
    {
        LoadedData loaded;
        using (DataScreen reading = new(output))
            loaded = Datasets.Load(Recipe.Dataset, options, reading, cancellation);
        DataSplits splits = Recipe.Split(loaded);
        foreach (string remark in splits.Remarks.Skip(loaded.Remarks.Count))
            output.Line(remark);
        return splits;
    }

    /// <summary>Trains it as one of several runs, in a folder that may hold the beginning of the run.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="data">Split as the recipe says.</param>
    /// <param name="dataDirectory">Where the data was to be looked for; null for the usual places.</param>
    /// <param name="output">Gets a row for each epoch.</param>
    /// <param name="epochs">Where it stops for now, untested; null for the end of the recipe.</param>
    /// <param name="cancellation">Stops it after the step.</param>
    /// <returns>The exit code. It is a success that a run stopped where it was to stop.</returns>
    public int TrainInto(string folder, DataSplits data, string? dataDirectory, Output output, int? epochs,
        CancellationToken cancellation)
    {
        using Trainer trainer = RunFolder.BeginOrResume(folder, Graph, data, Recipe);
        TrainScreen.SayNotes(trainer);
        TrainScreen screen = new(output);
        screen.BeginRows();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            if (trainer.TryFit(new Reporter<TrainingProgress>(Show), null, stop.Token) is null)
                return cancellation.IsCancellationRequested ? Failures.Interrupted : Failures.Success;
        }
        finally
        {
            screen.ClearBar();
        }
        return ReportCommand.WriteAfter(output, trainer, data, folder, dataDirectory, cancellation).Status;

        void Show(TrainingProgress progress)
        {
            screen.Show(progress);
            if (progress is EpochProgress epoch && epoch.Epoch == epochs)
                stop.Cancel();
        }
    }
}

/// <summary>
/// The network, the data and the recipe of a command line; for a resumed run, the run's own where nothing is typed.
/// </summary>
internal sealed class TrainingTaskArguments
{
    private readonly Argument<string?> _network = new("NET")
    {
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "NET",
        Description = NetworkArgument.Description
    };
    private readonly Option<string?> _data = Inputs.Word("--data", "SET", $"The data set: {Inputs.Sets}.");
    private readonly TrainOptions _options = new();
    private readonly Option<string?> _input = Inputs.ImageShape();
    private readonly Option<double?> _width = Inputs.Number("--width",
        "Factor of the filters of every convolution and the units of every fully connected layer but the last, above 0, such as 0.5. " +
        "Default: 1.");
    private readonly Option<string[]> _networkOptions = Inputs.NetworkOptions();

    /// <summary>Where the network is said.</summary>
    public Argument<string?> Network => _network;

    /// <summary>Where the highest learning rate is said.</summary>
    public Option LearningRate => _options.LearningRate;

    /// <summary>The batch size that it is meant for.</summary>
    public Option BaseBatchSize => _options.BaseBatchSize;

    /// <summary>Whether the batch size is for the memory to decide.</summary>
    public bool IsBatchSizeFree(ParseResult line) => line.GetValue(_options.BatchSize) is { Value: null };

    /// <summary>Whether the number of shards is for a measurement to decide.</summary>
    public bool AreShardsFree(ParseResult line) => _options.AreShardsFree(line);

    public void AddTo(Command command)
    {
        command.Add(_network);
        command.Add(_data);
        _options.AddTo(command);
        command.Add(_input);
        command.Add(_width);
        command.Add(_networkOptions);
    }

    /// <summary>Says what is missing of a new run.</summary>
    public void RequireAll(CommandResult line)
    {
        if (line.GetValue(_network) is null)
            line.AddError($"NET is missing. {_network.Description}");
        else if (line.GetResult(_data) is null)
            line.AddError($"--data is missing. {_data.Description}");
    }

    /// <summary>A new run.</summary>
    /// <param name="line">As typed.</param>
    /// <param name="measuresShards">Whether the number of shards may be left to a measurement.</param>
    /// <exception cref="UsageException">The network and the data don't fit together.</exception>
    /// <exception cref="RecipeException">A value is out of range.</exception>
    public TrainingTask Read(ParseResult line, bool measuresShards = false)
    {
        if (AreShardsFree(line) && !measuresShards)
            throw new UsageException("--shards auto is for `train`, which measures what is faster. Use a number here.");
        NetworkArgument network = new(line.GetValue(_network)!);
        if (!network.IsFile)
            NetworkCatalog.Find(network.Typed);
        DatasetInfo info = Datasets.Find(line.GetValue(_data)!);
        Graph graph = Create(line, network, info);
        return new(network.Typed, graph, _options.Read(line, network.RecipeFor(graph, info.Name)));
    }

    /// <summary>A run to resume, and what is typed nevertheless.</summary>
    /// <inheritdoc cref="Read(ParseResult, bool)" path="/exception"/>
    public TrainingTask Read(ParseResult line, RunFolder run)
    {
        DatasetInfo info = line.GetValue(_data) is { } typed ? Datasets.Find(typed)
            : Advice.IfMoved(() => Datasets.Find(run.Recipe.Dataset), "--data folder:PATH --override");
        NetworkArgument network = new(line.GetValue(_network) ?? run.Recipe.Network);
        // The name alone doesn't say which options the network has.
        bool isDescribed = network.IsFile || network.Typed != run.Recipe.Network || line.GetResult(_input) is not null
            || line.GetResult(_width) is not null || line.GetResult(_networkOptions) is not null;
        Graph graph = isDescribed ? Create(line, network, info) : run.Graph;
        Recipe recipe = _options.Read(line, run.Recipe) with { Network = network.IsFile ? graph.Name : network.Typed, Dataset = info.Name };
        return new(network.Typed, recipe.Initialization is { } start ? graph.WithInitialization(start) : graph, recipe);
    }

    private Graph Create(ParseResult line, NetworkArgument network, DatasetInfo info)
    {
        Graph graph = network.Create(network.IsFile ? null : info.ClassNames.Count, Inputs.Pairs(line.GetValue(_networkOptions)),
            line.GetValue(_input));
        if (line.GetValue(_width) is { } width)
            graph = graph.WithWidth(width);
        return graph.Output.Channels == info.ClassNames.Count ? graph
            : throw new UsageException(
            $"{network.Typed} has {graph.Output} outputs, but {info.Name} has {info.ClassNames.Count} classes. Give its last layer " +
            $"{info.ClassNames.Count} units.");
    }
}
