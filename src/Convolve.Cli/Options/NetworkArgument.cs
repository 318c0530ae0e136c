using System.Globalization;
using System.Text;
using Convolve.Cli.Terminal;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Cli.Options;

/// <summary>The network that a command line names: one of the zoo, or a JSON file.</summary>
/// <param name="Typed">As typed.</param>
internal sealed record NetworkArgument(string Typed)
{
    public const string FormatGuide = "docs/networks.md";
    private const string Extension = ".json", InputOption = "input";
    private const long LongestFile = 16 << 20;

    /// <summary>What the argument of a command is.</summary>
    public static string Description =>
        $"The network: {string.Join(", ", NetworkCatalog.All.Select(n => n.Name))}; or a JSON file of your own ({FormatGuide}).";

    public bool IsFile { get; } = Typed.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
        || Typed.AsSpan().ContainsAny(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);

    /// <summary>The network.</summary>
    /// <param name="classes">Of the last layer; null leaves it to the network.</param>
    /// <param name="options">What is chosen in it.</param>
    /// <param name="input">The shape of one image as typed; null for the network's own.</param>
    /// <exception cref="NetworkException">Name, option or file cannot be understood, or the network does not fit its input.</exception>
    /// <exception cref="UsageException">The file cannot be read, or an option has no meaning for it.</exception>
    public Graph Create(int? classes, Dictionary<string, string> options, string? input)
    {
        if (!IsFile)
        {
            if (input is not null && !options.TryAdd(InputOption, input))
                throw new UsageException("--input and --net-option input mean the same. Use only one of them.");
            return classes is { } count ? NetworkCatalog.Create(Typed, count, options) : NetworkCatalog.Create(Typed, options: options);
        }
        if (options.Count > 0)
            throw new UsageException(
                $"--net-option is for built-in networks, and {Typed} is a file. Change the setting in the file.");
        Graph graph = Read();
        if (classes is { } wanted && graph.Output != Shape.Vector(wanted))
            throw new UsageException(
                $"{Typed} has {graph.Output} outputs, but --classes is {wanted}. Change the units of its last layer.");
        return input is null ? graph : graph.WithInput(ShapeOf(input));
    }

    /// <summary>How it is trained where nothing else is asked for.</summary>
    public Recipe RecipeFor(Graph graph, string dataset) => IsFile ? Recipes.For(graph, dataset) : Recipes.For(Typed, dataset);

    private Graph Read()
    {
        string text;
        try
        {
            FileInfo file = new(Typed);
            if (file.Exists && file.Length > LongestFile)
                throw new UsageException(
                    $"{Typed} is {Format.Bytes(file.Length)}; a network file is at most {Format.Bytes(LongestFile)}. Is it the right " +
                    $"file?");
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(Typed)).TrimStart('\ufeff');
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException(
                $"{Typed} does not exist. Pass a network file ({FormatGuide}) or a built-in network: " +
                $"{string.Join(", ", NetworkCatalog.All.Select(n => n.Name))}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"{Typed} cannot be read: {(Directory.Exists(Typed) ? "it is a folder" : "access is denied")}. Pass a network file " +
                $"({FormatGuide}).");
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"{Typed} is not text in UTF-8. Pass a network file ({FormatGuide}).");
        }
        try
        {
            return GraphJson.Read(text);
        }
        catch (NetworkException e)
        {
            throw new NetworkException($"{Typed}: {e.Message}", e);
        }
    }

    private static Shape ShapeOf(string typed)
    {
        int[] sizes =
            [.. typed.Split('x').Select(s => int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : 0)];
        return sizes.Length == 3 && sizes.All(size => size >= 1) ? new(sizes[0], sizes[1], sizes[2])
            : throw new UsageException($"--input: expected channels x height x width, such as 3x224x224, got \"{typed}\".");
    }
}
