using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Convolve.Tests.House.Api;

/// <summary>The XML docs of the assemblies, as Markdown.</summary>
internal sealed partial class ApiDocs(IEnumerable<Assembly> assemblies)
{
    private readonly Dictionary<string, XElement> _members = assemblies
        .SelectMany(assembly => XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member"))
        .DistinctBy(member => member.Attribute("name")!.Value).ToDictionary(member => member.Attribute("name")!.Value);

    /// <summary>What a type or member is, in a line; null where nothing is written.</summary>
    public string? Summary(MemberInfo member) => Part(member, "summary");

    /// <summary>More about it; null where there is nothing.</summary>
    public string? Remarks(MemberInfo member) => Part(member, "remarks");

    /// <summary>What a parameter is: that of a record's constructor documents its property.</summary>
    public string? Parameter(MemberInfo member, string name) =>
        new[] { _members.GetValueOrDefault(ApiNames.Id(member)), Find(member) }.SelectMany(found => found?.Elements("param") ?? [])
            .FirstOrDefault(p => p.Attribute("name")?.Value == name) is { } parameter ? Text(parameter) : null;

    /// <summary>The exceptions that are documented.</summary>
    public IEnumerable<string> Exceptions(MemberInfo member) => (Find(member)?.Elements("exception") ?? [])
        .Select(e => Short(e.Attribute("cref")!.Value)).Distinct();

    private string? Part(MemberInfo member, string part) => Find(member)?.Element(part) is { } found ? Text(found) : null;

    private XElement? Find(MemberInfo member)
    {
        XElement? found = _members.GetValueOrDefault(ApiNames.Id(member));
        if (found?.Element("inheritdoc") is not { } inherits || found.Element("summary") is not null)
            return found;
        return inherits.Attribute("cref")?.Value is { } reference ? _members.GetValueOrDefault(reference)
            : member.DeclaringType?.BaseType?.GetMember(member.Name).FirstOrDefault() is { } above ? Find(above) : found;
    }

    private static string Text(XElement element)
    {
        string text = string.Concat(element.Nodes().Select(node => node switch
        {
            XText plain => plain.Value.Replace("<", "&lt;", StringComparison.Ordinal).Replace("*", @"\*", StringComparison.Ordinal),
            XElement { Name.LocalName: "para" } para => $" {Text(para)}",
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement e => $"`{Short(e.Attributes().FirstOrDefault()?.Value ?? e.Value)}`",
            _ => "",
        }));
        return Spaces().Replace(text, " ").Trim();
    }

    // "M:Convolve.Data.Datasets.Load(System.String)" as "Datasets.Load", and a type as its name.
    private static string Short(string reference)
    {
        if (reference.Length < 2 || reference[1] != ':')
            return reference;
        string[] names = reference[2..].Split('(')[0].Split('{')[0].Split('.');
        return string.Join('.', names[(reference[0] == 'T' ? ^1 : names.Length > 1 ? ^2 : ^1)..])
            .Replace(".#ctor", "", StringComparison.Ordinal).Split('`')[0];
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
