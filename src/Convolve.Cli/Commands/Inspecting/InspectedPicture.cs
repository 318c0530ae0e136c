using System.Globalization;
using System.Text.RegularExpressions;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Data.Folders;
using Convolve.Data.Inputs;
using Convolve.Imaging;
using Convolve.Inference;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Cli.Commands.Inspecting;

/// <summary>A picture to look into a network with: a file, or one of the run's own data, such as test:17.</summary>
/// <param name="Name">As typed.</param>
/// <param name="Planes">Its bytes by channel, row, column.</param>
/// <param name="Size">Its own size.</param>
/// <param name="Label">Its class; null for a file.</param>
internal sealed partial record InspectedPicture(string Name, byte[] Planes, ImageSize Size, int? Label)
{
    public const string Description = "A picture file, or a picture of the run's data by its number: test:17, train:0.";

    /// <exception cref="UsageException">There is no such file or number.</exception>
    /// <exception cref="ImageException">The file is no picture.</exception>
    public static InspectedPicture Read(string typed, RunArgument run, ModelFile model, DatasetOptions places, Output output,
        CancellationToken cancellation)
    {
        if (!File.Exists(typed) && Numbered().Match(typed) is { Success: true } match)
        {
            DataSplits data = Load(run, model, null, places, output, cancellation);
            Dataset set = match.Groups[1].Value == "test" ? data.Test.Dataset : data.Train.Dataset;
            if (!int.TryParse(match.Groups[2].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                || number >= set.Count)
                throw new UsageException($"{typed}: {set.Name} has the pictures {match.Groups[1].Value}:0 to " +
                    $"{match.Groups[1].Value}:{set.Count - 1}.");
            return new(typed, set.PixelsOf(number).ToArray(), set.SizeOf(number), set.LabelOf(number));
        }
        string path = HomePath.Expand(typed);
        if (!File.Exists(path))
            throw new UsageException($"{typed} does not exist. Pass a picture file, or a picture of the run's data, such as test:17.");
        int channels = model.Preprocessing.Size.Channels;
        byte[] planes = ImageDecoder.Decode(File.ReadAllBytes(path), path, channels, out ImageInfo info);
        return new(typed, planes, new(channels, info.Height, info.Width), null);
    }

    /// <summary>The data of a run, or another set.</summary>
    /// <param name="run">The run.</param>
    /// <param name="model">Its weights.</param>
    /// <param name="set">The other set; null for the run's own.</param>
    /// <param name="places">Where data may be.</param>
    /// <param name="output">What is read is said there.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="UsageException">The weights have no recipe that names data.</exception>
    public static DataSplits Load(RunArgument run, ModelFile model, string? set, DatasetOptions places, Output output,
        CancellationToken cancellation)
    {
        if (set is null && !run.HasRecipe)
            throw new UsageException($"{run.Typed} has no {RunFolder.RecipeFile} next to it, so its data is unknown. Pass --data SET, " +
                "or the run folder.");
        Recipe recipe = run.HasRecipe ? run.ReadRecipe() : new() { Network = model.Graph.Name, Dataset = set! };
        bool isOwn = set is null || set == recipe.Dataset;
        if (!isOwn)
            recipe = recipe with { Dataset = Datasets.Find(set!).Name, Limit = null, ValidationFraction = 0 };
        places = places with { Channels = model.Graph.Input.Channels == 1 ? 1 : 3, SkipBad = recipe.SkipBad };
        if (ImageFolder.IsName(recipe.Dataset) && isOwn)
            places = places with { ClassNames = model.Preprocessing.ClassNames, Trained = RunFolder.ReadPictures(run.Folder) };
        using DataScreen reading = new(output);
        return recipe.Split(Datasets.Load(recipe.Dataset, places, reading, cancellation));
    }

    /// <summary>What the network takes of it.</summary>
    public float[] Input(Preprocessing preprocessing)
    {
        float[] input = new float[preprocessing.Size.Length];
        new ImagePipeline(preprocessing, Size.Channels).Write(Planes, Size, input);
        return input;
    }

    [GeneratedRegex("^(train|validation|test):([0-9]+)$")]
    private static partial Regex Numbered();
}
