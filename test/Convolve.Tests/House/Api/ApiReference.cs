using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Convolve.Tests.House.Api;

/// <summary>docs/api.md: every public type with its members, from the compiled assemblies and their XML docs.</summary>
internal sealed class ApiReference(Assembly[] assemblies)
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // A record has them all.
    private static readonly HashSet<string> Usual =
        ["Equals", "GetHashCode", "ToString", "Deconstruct", "op_Equality", "op_Inequality", "<Clone>$", "GetEnumerator"];

    private readonly ApiDocs _docs = new(assemblies);
    private readonly List<string> _bare = [];

    /// <summary>Types and members without a word of docs, once it is written.</summary>
    public IReadOnlyList<string> WithoutDocs => _bare;

    public string Write()
    {
        StringBuilder page = new();
        var spaces = assemblies.SelectMany(a => a.GetExportedTypes()).GroupBy(t => t.Namespace!)
            .OrderBy(space => space.Key, StringComparer.Ordinal).ToArray();
        page.Append("# The library, type by type\n\n");
        page.Append("<!-- Written from the XML docs: CONVOLVE_WRITE_PUBLIC_API=1 ./dev test PublicApi -->\n\n");
        page.Append("Equality, `ToString` and the other members that every record has are left out.\n\n");
        foreach (var space in spaces)
            page.Append(CultureInfo.InvariantCulture,
                $"- [{space.Key}](#{Anchor(space.Key)}): {string.Join(", ", Sorted(space).Select(Link))}\n");
        foreach (var space in spaces)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {space.Key}\n");
            foreach (Type type in Sorted(space))
                Write(type, page);
        }
        return page.Replace("\n\n\n", "\n\n").ToString();
    }

    private void Write(Type type, StringBuilder page)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n### {Heading(type)}\n\n");
        Paragraph(Require(_docs.Summary(type), ApiNames.Of(type)), page);
        if (Base(type) is { } parent)
            Paragraph($"Derives from `{ApiNames.Of(parent)}`.", page);
        if (_docs.Remarks(type) is { } remarks)
            Paragraph(remarks, page);
        (string Signature, string Docs)[] rows = [.. Members(type).Select(m => (ApiNames.Signature(m), DocsOf(type, m)))];
        if (rows.Length == 0)
            return;
        page.Append(type.IsEnum ? "| value | |\n|---|---|\n" : "| member | |\n|---|---|\n");
        foreach ((string signature, string docs) in rows)
            page.Append(CultureInfo.InvariantCulture, $"| `{Cell(signature)}` | {Cell(docs)} |\n");
    }

    private string DocsOf(Type type, MemberInfo member)
    {
        string name = $"{ApiNames.Of(type)}.{member.Name}";
        string? docs = _docs.Summary(member);
        if (docs is not null && docs == _docs.Summary(type)) // a record's constructor, whose parameters are its properties
            return "";
        if (docs is null && member is PropertyInfo)
            docs = _docs.Parameter(type, member.Name) ?? (Primary(type) is { } primary ? _docs.Parameter(primary, member.Name) : null);
        if (docs is null && member is ConstructorInfo constructor)
        {
            if (constructor == Primary(type) || constructor.GetParameters().Length == 0)
                return "";
            docs = string.Join(" ", constructor.GetParameters()
                .Select(p => _docs.Parameter(constructor, p.Name!) ?? _docs.Parameter(type, p.Name!)).OfType<string>());
        }
        docs = Require(docs is "" ? null : docs, name).Replace($"`{ApiNames.Of(type)}.", "`", StringComparison.Ordinal);
        string exceptions = string.Join(", ", _docs.Exceptions(member).Select(e => $"`{e}`"));
        return exceptions.Length > 0 ? $"{docs} Throws {exceptions}." : docs;
    }

    private string Require(string? docs, string name)
    {
        if (docs is null)
            _bare.Add(name);
        return docs ?? "";
    }

    private static IEnumerable<MemberInfo> Members(Type type)
    {
        if (type.IsEnum)
            return type.GetFields(BindingFlags.Public | BindingFlags.Static);
        return type.GetMembers(Declared).Where(m => m is not Type && !Usual.Contains(m.Name) && !IsOverride(m) && m switch
        {
            MethodInfo method => !method.IsSpecialName || method.Name is "op_Implicit" or "op_Explicit",
            ConstructorInfo constructor => !type.IsAbstract && constructor.GetParameters().FirstOrDefault()?.ParameterType != type,
            PropertyInfo property => property.GetMethod?.IsPublic == true,
            FieldInfo => true,
            _ => false,
        } && m.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
            .OrderBy(m => m switch { ConstructorInfo => 0, FieldInfo => 1, PropertyInfo => 2, _ => 3 })
            .ThenBy(m => m is MethodInfo { IsStatic: true } ? 0 : 1).ThenBy(m => m.Name, StringComparer.Ordinal)
            .ThenBy(m => (m as MethodBase)?.GetParameters().Length).ThenBy(ApiNames.Signature, StringComparer.Ordinal);
    }

    // The constructor that the record's properties are the parameters of: its docs are the type's.
    private static ConstructorInfo? Primary(Type type) => type.GetConstructors()
        .Where(c => c.GetParameters().Length > 0 && c.GetParameters().All(p => p.Name is not null && type.GetProperty(p.Name) is not null))
        .MaxBy(c => c.GetParameters().Length);

    private static void Paragraph(string text, StringBuilder page)
    {
        const int Most = 138;
        int column = 0;
        foreach (string word in text.Split(' '))
        {
            if (column > 0 && column + 1 + word.Length > Most)
            {
                page.Append('\n');
                column = 0;
            }
            page.Append(column > 0 ? " " : "").Append(word);
            column += word.Length + (column > 0 ? 1 : 0);
        }
        page.Append("\n\n");
    }

    private static Type? Base(Type type) => type.IsValueType || type.BaseType == typeof(object) || type.BaseType == typeof(Exception)
        ? null : type.BaseType;

    private static IEnumerable<Type> Sorted(IEnumerable<Type> types) => types.OrderBy(t => t.Name, StringComparer.Ordinal);

    private static bool IsOverride(MemberInfo member) =>
        (member as MethodInfo ?? (member as PropertyInfo)?.GetMethod) is { } method && method.GetBaseDefinition() != method;

    private static string Cell(string text) => text.Replace("|", @"\|", StringComparison.Ordinal);

    private static string Link(Type type) => $"[{ApiNames.Of(type)}](#{Anchor(Heading(type))})";

    private static string Heading(Type type) => $"{ApiNames.Of(type)} ({Kind(type)})";

    private static string Kind(Type type)
    {
        if (type.IsEnum || type.IsInterface)
            return type.IsEnum ? "enum" : "interface";
        string modifier = type.IsAbstract && type.IsSealed ? "static " : type.IsAbstract ? "abstract " : "";
        return modifier + (type.IsValueType ? IsRecord(type) ? "record struct" : "struct" : IsRecord(type) ? "record" : "class");
    }

    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null
        || type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance) is not null;

    // As GitHub makes them.
    private static string Anchor(string heading) => string.Concat(heading.ToLowerInvariant()
        .Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_').Select(c => c == ' ' ? '-' : c));
}
