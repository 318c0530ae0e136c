using System.Reflection;
using System.Xml.Linq;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Tests.Layers;

namespace Convolve.Tests.House;

/// <summary>What every kind of layer must have; a new one without it fails here.</summary>
public class LayerRules
{
    private static readonly XDocument Documentation = XDocument.Load(Path.ChangeExtension(typeof(Layer).Assembly.Location, ".xml"));

    /// <summary>Every public layer but the entry.</summary>
    public static TheoryData<string> Kinds => [.. Types.Select(type => type.Name)];

    private static IEnumerable<Type> Types => typeof(Layer).Assembly.GetExportedTypes()
        .Where(type => type.IsSubclassOf(typeof(Layer)) && !type.IsAbstract && type != typeof(Input));

    private static Type Named(string name) => Types.Single(type => type.Name == name);

    [Theory, MemberData(nameof(Kinds))]
    public void Is_a_sealed_record_that_cannot_change(string name)
    {
        Type type = Named(name);
        Assert.True(type.IsSealed);
        Assert.NotNull(type.GetMethod("<Clone>$"));
        Assert.All(type.GetProperties().Where(p => p.SetMethod is not null),
            p => Assert.Contains(typeof(System.Runtime.CompilerServices.IsExternalInit),
            p.SetMethod!.ReturnParameter.GetRequiredCustomModifiers()));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Is_what_its_arguments_say(string name)
    {
        foreach (Layer layer in LayerCatalogue.All.SelectMany(c => c.Graph.Nodes).Select(n => n.Layer)
            .Where(l => l.GetType() == Named(name)))
        {
            LayerKind kind = LayerKind.Of(layer);
            Assert.Equal(kind.Parameters.Select(p => p.Name), layer.Arguments.Select(a => a.Name));
            Assert.Equal(layer, kind.Create(p => layer.Arguments.Single(a => a.Name == p.Name).Value));
            Layer plain = kind.Create(p => layer.Arguments.Single(a => a.Name == p.Name) is { Default: null } required ? required.Value
                : null);
            Assert.All(plain.Arguments.Where(a => a.Default is not null), a => Assert.True(a.IsDefault, $"{plain}: {a}"));
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Has_a_case_in_the_catalogue(string name) =>
        Assert.Contains(LayerCatalogue.All, c => c.Graph.Nodes.Any(n => n.Layer.GetType() == Named(name)));

    [Theory, MemberData(nameof(Kinds))]
    public void Comes_back_from_JSON(string name)
    {
        Graph graph = LayerCatalogue.All.First(c => c.Graph.Nodes.Any(n => n.Layer.GetType() == Named(name))).Graph;
        Assert.Contains($"\"type\":\"{name}\"", GraphJson.Write(graph), StringComparison.Ordinal);
        Assert.Equal(graph, GraphJson.Read(GraphJson.Write(graph)));
    }

    [Fact]
    public void All_are_listed() => Assert.Equal(Types.Select(t => t.Name).Order(StringComparer.Ordinal),
        LayerKind.All.Select(k => k.Name).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Kinds))]
    public void Is_documented_with_shapes_parameters_cost_and_source(string name)
    {
        XElement? member = Documentation.Descendants("member")
            .SingleOrDefault(m => (string?)m.Attribute("name") == $"T:{Named(name).FullName}");
        Assert.False(string.IsNullOrWhiteSpace(member?.Element("summary")?.Value), "no summary");
        string[] paragraphs = [.. (member!.Element("remarks")?.Value ?? "").Split('\n').Select(line => line.Trim())];
        foreach (string heading in new[] { "Shapes: ", "Parameters: ", "Cost: ", "Source: " })
            Assert.True(paragraphs.Count(line => line.StartsWith(heading, StringComparison.Ordinal)) == 1, $"no paragraph \"{heading}\"");
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Every_parameter_of_its_constructor_is_documented(string name)
    {
        ConstructorInfo constructor = Assert.Single(Named(name).GetConstructors());
        if (constructor.GetParameters().Length == 0)
            return;
        XElement? member = Documentation.Descendants("member")
            .SingleOrDefault(m => ((string?)m.Attribute("name"))!.StartsWith($"M:{Named(name).FullName}.#ctor(", StringComparison.Ordinal));
        Assert.Equal(constructor.GetParameters().Select(p => p.Name),
            member?.Elements("param").Select(p => (string?)p.Attribute("name")) ?? []);
        Assert.NotEmpty(member!.Elements("exception"));
    }
}
