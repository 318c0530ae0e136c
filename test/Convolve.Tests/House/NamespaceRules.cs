using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Convolve.Imaging;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.OneDnn;
using Convolve.Zoo;

namespace Convolve.Tests.House;

/// <summary>
/// The arrows between the namespaces of all projects point one way. docs/architecture.md lists every folder, and what it uses of the
/// others: no more and no less than the code does. Names there are without the leading "Convolve.", so that Data.Inputs is the folder
/// src/Convolve/Data/Inputs, and Cli.Screens is src/Convolve.Cli/Screens.
/// </summary>
public partial class NamespaceRules
{
    private const string Root = "Convolve";

    // Where .NET's libraries put the methods that register them.
    private const string ServicesNamespace = "namespace Microsoft.Extensions.DependencyInjection;";

    private static readonly Assembly[] Assemblies =
        [typeof(ThreadTeam).Assembly, typeof(OneDnnBackend).Assembly, typeof(ImageDecoder).Assembly, typeof(Layer).Assembly,
        typeof(NetworkCatalog).Assembly, Assembly.Load("Convolve.Onnx"), Assembly.Load("Convolve.OnnxRuntime"),
        Assembly.Load("Convolve.Keras"), Assembly.Load("Convolve.Serving"), Assembly.Load("Convolve.Mpi"), Assembly.Load("Convolve.Cli")];

    // Datasets is the front door of Data, and ImageClassifier that of the house: they are where users look, and they open every room behind
    // them. Nothing in these rooms uses them.
    private static readonly string[] Doors = ["Datasets", "ImageClassifier"];

    // The base of all exceptions is in the lowest assembly, under the name that users look for. Everyone may use it.
    private const string Everyones = nameof(ConvolveException);

    private static readonly Lazy<SortedDictionary<string, SortedSet<string>>> Uses = new(ReadCode);
    private static readonly Lazy<SortedDictionary<string, SortedSet<string>>> Listed = new(ReadArchitecture);

    [Fact]
    public void The_architecture_lists_every_folder() => Assert.Equal(Uses.Value.Keys, Listed.Value.Keys);

    [Fact]
    public void The_architecture_lists_what_each_folder_uses() => RequireNone(
        from part in Uses.Value.Keys
        let used = string.Join(", ", Uses.Value[part])
        let listed = string.Join(", ", Listed.Value.GetValueOrDefault(part, []))
        where used != listed
        select $"{part} uses: {used}\n    listed: {listed}");

    [Fact]
    public void There_are_no_circles()
    {
        Dictionary<string, HashSet<string>> reached = Uses.Value.Keys.ToDictionary(part => part, Reached);
        RequireNone(Uses.Value.Keys.Where(part => reached[part].Contains(part))
            .Select(part => string.Join(", ", Uses.Value.Keys
                .Where(other => other == part || (reached[part].Contains(other) && reached[other].Contains(part)))))
            .Distinct());
    }

    [Fact]
    public void A_folder_is_a_namespace() => RequireNone(
        from file in Sources.Of("src")
        where Path.GetFileNameWithoutExtension(file) != Everyones
        let line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))
        where line is not null && line != ServicesNamespace && Short(line["namespace ".Length..].TrimEnd(';')) != PartOf(file)
        select $"{Sources.Name(file)}: {line}");

    private static HashSet<string> Reached(string part)
    {
        HashSet<string> found = [];
        Queue<string> next = new([part]);
        while (next.TryDequeue(out string? at))
            foreach (string used in Uses.Value[at].Where(found.Add))
                next.Enqueue(used);
        return found;
    }

    // What is compiled shows what is in reach without a using line; a using line, what only a constant or a comment needs.
    private static SortedDictionary<string, SortedSet<string>> ReadCode()
    {
        string[] files = [.. Sources.Of("src")];
        SortedDictionary<string, SortedSet<string>> uses = new(StringComparer.Ordinal);
        foreach (string part in files.Select(PartOf))
            uses[part] = new(StringComparer.Ordinal);
        foreach (string file in files.Where(file => !Doors.Contains(Path.GetFileNameWithoutExtension(file))))
            foreach (string line in File.ReadLines(file))
                if (UsingLine().Match(line) is { Success: true } match)
                    Add(PartOf(file), Short(match.Groups[1].Value));
        foreach (Type type in Assemblies.SelectMany(assembly => assembly.GetTypes())
            .Where(type => !Doors.Contains((type.DeclaringType ?? type).Name) && !type.IsDefined(typeof(CompilerGeneratedAttribute))))
            if (PartOf(type) is { } part && uses.ContainsKey(part))
                foreach (Type used in References.Of(type).Where(used => Assemblies.Contains(used.Assembly) && used.Name != Everyones))
                    if (PartOf(used) is { } other)
                        Add(part, other);
        return uses;

        void Add(string part, string used)
        {
            if (used != part && uses.ContainsKey(used))
                uses[part].Add(used);
        }
    }

    private static SortedDictionary<string, SortedSet<string>> ReadArchitecture()
    {
        SortedDictionary<string, SortedSet<string>> listed = new(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(Path.Combine(Sources.Root, "docs", "architecture.md")))
            if (Row().Match(line) is { Success: true } row)
                listed[PartOfFolder(row.Groups[1].Value)] =
                    new(row.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                    StringComparer.Ordinal);
        return listed;
    }

    // The protobuf classes have no file here, and are in the namespace of their folder.
    private static string? PartOf(Type type) => type.Namespace is { } name
        && (name == Root || name.StartsWith(Root + '.', StringComparison.Ordinal)) ? Short(name) : null;

    private static string PartOf(string file) => PartOfFolder(Sources.Name(Path.GetDirectoryName(file)!));

    private static string PartOfFolder(string folder) => Short(folder["src/".Length..].Replace('/', '.'));

    private static string Short(string name) => name.StartsWith(Root + '.', StringComparison.Ordinal) ? name[(Root.Length + 1)..] : name;

    private static void RequireNone(IEnumerable<string> wrong)
    {
        string[] list = [.. wrong];
        Assert.True(list.Length == 0, string.Join('\n', list));
    }

    [GeneratedRegex(@"^using (?:static )?(Convolve[\w.]*);")]
    private static partial Regex UsingLine();

    [GeneratedRegex(@"^\| `(src/[\w./]+)` \| .* \| ([\w., ]*) ?\|$")]
    private static partial Regex Row();
}
