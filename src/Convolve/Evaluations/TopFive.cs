namespace Convolve.Evaluations;

/// <summary>The top-5 accuracy, which says something only where a label can be missing from the first five.</summary>
internal static class TopFive
{
    /// <summary>Whether it says anything.</summary>
    public static bool IsTelling(int classes) => classes > 5;

    /// <summary>The share of pictures whose label is among the five largest logits; null where that is all of them by necessity.</summary>
    public static double? Share(int correct, int pictures, int classes) => IsTelling(classes) && pictures > 0 ? (double)correct / pictures
        : null;
}
