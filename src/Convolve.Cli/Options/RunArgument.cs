using Convolve.Cli.Terminal;
using Convolve.Formats;
using Convolve.Inference;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Cli.Options;

/// <summary>A run on the command line: its folder, or the model file in it.</summary>
internal sealed class RunArgument
{
    /// <summary>What a RUN may be, for help texts.</summary>
    public const string Description = "A run folder, or the model.safetensors in it.";

    /// <exception cref="UsageException">There is nothing.</exception>
    /// <exception cref="SafeTensorsException">It is a file, but not a model.</exception>
    public RunArgument(string typed)
    {
        typed = HomePath.Expand(typed);
        if (!Path.Exists(typed))
            throw new UsageException($"{typed} does not exist. Pass the run folder that `{ProgramName.Current} train` printed when it " +
                $"finished.");
        if (File.Exists(typed))
            SafeTensorsFile.Open(typed).Dispose(); // what isn't a model is called what it is, before its folder is called no run
        (Typed, Folder) = (typed, Directory.Exists(typed) ? typed : Path.GetDirectoryName(Path.GetFullPath(typed))!);
    }

    public string Typed { get; }

    public string Folder { get; }

    /// <summary>The file of the weights.</summary>
    public string ModelPath => Directory.Exists(Typed) ? Path.Combine(Typed, RunFolder.ModelFile) : Typed;

    /// <summary>Whether it is known how the weights came to be.</summary>
    public bool HasRecipe => File.Exists(Path.Combine(Folder, RunFolder.RecipeFile));

    /// <exception cref="RecipeException">The folder is not a run folder, or its recipe cannot be read.</exception>
    public Recipe ReadRecipe() => RunFolder.ReadRecipe(Folder).Recipe;

    /// <summary>
    /// The model file, once it is known to be of the network that the recipe trained: the recipe says which pictures its weights have seen.
    /// </summary>
    /// <exception cref="SafeTensorsException">The file is missing, damaged or not a model file of Convolve.</exception>
    /// <exception cref="UsageException">It is another network's.</exception>
    public ModelFile Open()
    {
        ModelFile model = ModelFile.Open(Typed);
        if (!HasRecipe || RunFolder.ReadRecipe(Folder).Graph.Equals(model.Graph))
            return model;
        string network = model.Graph.Name;
        model.Dispose();
        throw new UsageException(
            $"{ModelPath} holds the network {network}, and {RunFolder.RecipeFile} next to it describes a different one, so it is unknown " +
            $"which pictures the weights were trained on. "
            + "Put the file back into its own run folder.");
    }
}
