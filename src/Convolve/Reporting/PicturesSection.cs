using Convolve.Data;
using Convolve.Evaluations;

namespace Convolve.Reporting;

/// <summary>
/// Pictures with their true and their predicted classes: the most confident right and wrong ones, and the least certain ones.
/// </summary>
internal static class PicturesSection
{
    private const int Shown = 24, SmallSide = 96;

    public static Html Of(EvaluatedRun run)
    {
        if (run is not { Split: { } split, Predictions: { } predictions })
            return Html.None;
        (string Title, string Words, IEnumerable<SamplePrediction> Chosen)[] grids =
        [
            ("Wrong and confident", "Mislabeled pictures show up here, next to real mistakes.",
            predictions.MostConfident(correct: false, Shown)),
            ("Least certain", "The most likely class has the lowest probability.", predictions.LeastCertain(Shown)),
            ("Right and confident", "The most confident pictures of each class: what the network considers typical.", Surest(predictions)),
        ];
        return Html.Of($"""
            <p class="soft">Of the {split.Name} split. The true class in bold; what the network says, and how sure it is. Pointing at a picture names it.</p>
            {Html.Join(grids.Select(grid => Grid(grid.Title, grid.Words, [.. grid.Chosen], split.Dataset, predictions)))}
            """);
    }

    // The surest of all would be of the one class that is easiest.
    private static IEnumerable<SamplePrediction> Surest(Predictions predictions) => predictions
        .MostConfident(correct: true, predictions.Count)
        .GroupBy(p => p.Label).SelectMany(own => own.Index()).OrderBy(p => p.Index).ThenByDescending(p => p.Item.Confidence)
        .Select(p => p.Item).Take(Shown);

    private static Html Grid(string title, string words, IReadOnlyList<SamplePrediction> chosen, Dataset data, Predictions predictions) => chosen.Count == 0 ? Html.None : Html.Of($"""
        <h3>{title}</h3>
        <p class="soft">{words}</p>
        <div class="pictures">
        {Html.Join(chosen.Select(p => Figure(p, data, predictions.ClassNames)))}</div>

        """);

    private static Html Figure(SamplePrediction p, Dataset data, IReadOnlyList<string> names)
    {
        Html said = p.IsCorrect ? Html.Of($"<span class=\"good\">\u2713 {p.Confidence:F3}</span>")
            : Html.Of($"<span class=\"bad\">\u2717 {names[p.Predicted]} {p.Confidence:F3}</span>");
        return Html.Of(
            $"<figure title=\"{p.Sample}\">{Image(p, data, names)}<figcaption><b>{names[p.Label]}</b> {said}</figcaption></figure>\n");
    }

    private static Html Image(SamplePrediction p, Dataset data, IReadOnlyList<string> names)
    {
        try
        {
            ImageSize size = data.SizeOf(p.Sample.Index);
            Html style = new(Math.Max(size.Height, size.Width) < SmallSide ? "class=\"pixels\" " : "");
            return Html.Of($"<img {style}alt=\"{p.Sample}, {names[p.Label]}\" src=\"{Thumbnail.Of(data, p.Sample.Index)}\">");
        }
        catch (DatasetException e)
        {
            return Html.Of($"<div class=\"gone\" title=\"{e.Message}\">can't be read</div>");
        }
    }
}
