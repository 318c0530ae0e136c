using Convolve.Data;
using Convolve.Data.Fetching;
using Convolve.Evaluations;
using Convolve.Formats;
using Convolve.Imaging;
using Convolve.Kernels;
using Convolve.Layers;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Reporting;

/// <summary>What a run folder records, and what the run's weights predict on a split: everything for a report or a comparison.</summary>
/// <param name="Summary">What the folder records.</param>
internal sealed record EvaluatedRun(RunSummary Summary)
{
    /// <summary>
    /// The pictures that the weights were evaluated on: the test split of a finished run, else the validation split, so that nothing is
    /// chosen by the test split. Null where
    /// <see cref="Problem"/> says why.
    /// </summary>
    public Split? Split { get; private init; }

    /// <summary>What the weights say of these pictures; null with the split.</summary>
    public Predictions? Predictions { get; private init; }

    /// <summary>The first convolution's filters; null where the network has none, or the weights are not there.</summary>
    public FilterSheet? Filters { get; private init; }

    /// <summary>Why there are no predictions; null if there are.</summary>
    public string? Problem { get; private init; }

    /// <summary>Reads a run folder, and evaluates weights that are at hand, such as a trainer's after its training.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="classifier">The run's weights.</param>
    /// <param name="data">The run's data.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1].</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RecipeException">The folder is not a run folder, or cannot be read.</exception>
    /// <exception cref="DatasetException">The data do not go with the weights, or an image cannot be read.</exception>
    public static EvaluatedRun Of(string folder, Classifier classifier, DataSplits data, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(data);
        EvaluatedRun run = new(RunSummary.Read(folder)) { Filters = FilterSheet.Create(classifier.Model) };
        Split split = run.Summary.Test is not null ? data.Test : data.Validation;
        if (split.Count == 0)
            return run with
            {
                Problem = "The run isn't finished and has no validation split. The test split is only used for finished runs.",
            };
        return run with
        {
            Split = split,
            Predictions = classifier.PredictAll(split, run.Summary.Recipe.PassSize, progress: progress,
            cancellation: cancellation)
        };
    }

    /// <summary>
    /// Reads a run folder, its weights and its data, as far as they exist: <see cref="Problem"/> says what is missing.
    /// </summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="options">Where the data may be; null for anywhere.</param>
    /// <param name="reading">Told what is read.</param>
    /// <param name="progress">Gets the share of the evaluation that is done, in [0, 1].</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RecipeException">The folder is not a run folder, or its recipe or its log cannot be read.</exception>
    public static EvaluatedRun Load(string folder, DatasetOptions? options = null, IProgress<DataProgress>? reading = null,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        RunSummary summary = RunSummary.Read(folder);
        Recipe recipe = summary.Recipe;
        FilterSheet? filters = null;
        try
        {
            using Classifier classifier = Classifier.Load(folder,
                new() { Precision = recipe.Precision, Exact = recipe.Exact, Threads = recipe.Threads });
            if (!classifier.Graph.Equals(summary.Graph))
                return new(summary)
                {
                    Problem =
                    $"{RunFolder.ModelFile} has the network {classifier.Graph.Name}, but {RunFolder.RecipeFile} describes another one."
                };
            filters = FilterSheet.Create(classifier.Model);
            DatasetOptions places = (options ?? new()) with
            {
                Channels = summary.Graph.Input.Channels == 1 ? 1 : 3,
                SkipBad = recipe.SkipBad,
                Trained = RunFolder.ReadPictures(folder)
            };
            LoadedData data = Datasets.Load(recipe.Dataset, places, reading, cancellation);
            return Of(folder, classifier, recipe.Split(data), progress, cancellation);
        }
        catch (Exception e) when (e is DatasetException or DownloadException or SafeTensorsException or NetworkException
            or KernelLibraryException or ImageLibraryException)
        {
            return new(summary) { Filters = filters, Problem = e.Message };
        }
    }
}
