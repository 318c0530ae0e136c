using Convolve.Training;
using static Convolve.Diagnosis.Finding;

namespace Convolve.Diagnosis;

/// <summary>What a recipe shows without running.</summary>
internal static class RecipeChecks
{
    // Shares of the peak rate, and of the run: below the first for more than the second, most of the run does nothing.
    private const double NearZero = 0.01, MostNearZero = 0.6;
    private const int Looks = 2000;

    /// <summary>Fewer updates can't train new weights.</summary>
    public const int FewestUpdates = 60;

    // Of the training images in one batch, from which on a smaller batch is the way to more updates.
    private const double LargeBatch = 1 / 16.0;

    /// <summary>All findings of a recipe.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="images">Of the training split.</param>
    public static IEnumerable<Finding> All(Recipe recipe, int images) =>
        new[] { ScheduleDecay(recipe, images), FewUpdates(recipe, images) }.OfType<Finding>();

    /// <summary>Steps of an epoch.</summary>
    public static long StepsOf(Recipe recipe, int images) => 1 + (images - 1) / Math.Max(1, recipe.BatchSize);

    /// <summary>A rate that is as good as 0 for most of the run.</summary>
    public static Finding? ScheduleDecay(Recipe recipe, int images)
    {
        if (recipe.Schedule.Kind is ScheduleKind.OneCycle or ScheduleKind.Cosine or ScheduleKind.Plateau
            && recipe.Schedule.WarmUpEpochs < recipe.Epochs)
            return null;
        long steps = StepsOf(recipe, images), all = steps * recipe.Epochs;
        int looks = (int)Math.Min(all, Looks), low = 0;
        double last = 0;
        for (int i = 0; i < looks; i++)
        {
            last = recipe.Schedule.At(looks == 1 ? 0 : (long)((Int128)(all - 1) * i / (looks - 1)), steps, recipe.Epochs,
                recipe.WarmUpFrom);
            low += last < NearZero ? 1 : 0;
        }
        double share = (double)low / looks;
        bool isWarming = recipe.Schedule.WarmUpEpochs >= recipe.Epochs;
        if (share <= MostNearZero && !isWarming)
            return null;
        return new(Fault.ScheduleDecay, isWarming ? "the warm-up is longer than the run: the learning rate never gets to its peak"
            : "the schedule takes the learning rate to nearly 0 early in the run",
            isWarming ? Text($"warm-up of {recipe.Schedule.WarmUpEpochs} epochs, run of {recipe.Epochs}")
            : Text($"below {NearZero} of its peak in {Digits(100 * share)} % of the steps, ") +
            Text($"{Digits(last * recipe.PeakLearningRate)} at the end; at most {100 * MostNearZero} % expected"),
            isWarming ? Text($"@warmup-epochs {Math.Max(1, recipe.Epochs / 10)}") : "@schedule cosine, or a @step-factor nearer to 1",
            "learning in the whole run")
        { IsGrave = true };
    }

    /// <summary>A run of a few steps.</summary>
    public static Finding? FewUpdates(Recipe recipe, int images)
    {
        long updates = StepsOf(recipe, images) * recipe.Epochs;
        if (updates >= FewestUpdates || recipe.StartFrom is not null)
            return null;
        bool isLarge = recipe.BatchSize > LargeBatch * images && recipe.BatchSize > 32;
        int batch = 32;
        return new(Fault.FewUpdates, Text($"{updates} updates are too few to learn from new weights") +
            (isLarge ? Text($": a batch is {Digits(100.0 * Math.Min(recipe.BatchSize, images) / images)} % of the training images") : ""),
            Text($"{recipe.Epochs} epochs of {StepsOf(recipe, images)} batches of {Math.Min(recipe.BatchSize, images)}; at least ") +
            Text($"{FewestUpdates} updates expected, several hundred are usual"),
            isLarge ? Text($"@batch-size {batch}")
            : Text($"@epochs {Math.Max(2, (int)Math.Ceiling(300.0 / StepsOf(recipe, images)))}"),
            Text($"{(isLarge ? (1 + (images - 1) / batch) * recipe.Epochs : 300)} updates"));
    }
}
