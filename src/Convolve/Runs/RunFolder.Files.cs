namespace Convolve.Runs;

public sealed partial class RunFolder
{
    /// <summary>The recipe and the network.</summary>
    public const string RecipeFile = "recipe.json";

    /// <summary>Machine, kernels and versions, and where the run was resumed.</summary>
    public const string EnvironmentFile = "environment.json";

    /// <summary>A line for each epoch, and one for the test.</summary>
    public const string MetricsFile = "metrics.jsonl";

    /// <summary>The epochs for a spreadsheet.</summary>
    public const string TableFile = "metrics.csv";

    /// <summary>The report.</summary>
    public const string ReportFile = "report.html";

    /// <summary>The best weights, with network, preprocessing and class names: enough to classify with.</summary>
    public const string ModelFile = Inference.ModelFile.FileName;

    /// <summary>Which pictures of a folder the run was trained on.</summary>
    public const string PicturesFile = "pictures.bin";

    /// <summary>The folder of what it takes to resume.</summary>
    public const string CheckpointsFolder = "checkpoint";
}
