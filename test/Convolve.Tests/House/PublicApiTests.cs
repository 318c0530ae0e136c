using System.Reflection;
using System.Runtime.CompilerServices;
using Convolve.Imaging;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Tests.House.Api;
using Convolve.Zoo;

namespace Convolve.Tests.House;

/// <summary>
/// The public surface is PublicApi.txt and docs/api.md, and small. Where it changes on purpose, run this test once with
/// CONVOLVE_WRITE_PUBLIC_API=1 and commit the files with the change.
/// </summary>
public class PublicApiTests
{
    private const int MostTypes = 121;
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // What every user has, and what is added by package.
    private static readonly Assembly[] Core = [typeof(ThreadTeam).Assembly, typeof(Layer).Assembly, typeof(NetworkCatalog).Assembly];

    internal static readonly Assembly[] Libraries = [.. Core, typeof(ImageException).Assembly, Assembly.Load("Convolve.Onnx"),
        Assembly.Load("Convolve.OnnxRuntime"), Assembly.Load("Convolve.Keras"), Assembly.Load("Convolve.Serving")];

    [Fact]
    public void The_public_surface_is_that_of_PublicApi_txt()
    {
        string file = Path.Combine(Root(), "PublicApi.txt");
        string[] actual = [.. Libraries.SelectMany(l => l.GetExportedTypes()).OrderBy(t => t.FullName, StringComparer.Ordinal)
            .SelectMany(Lines)];
        if (IsWriting)
            File.WriteAllLines(file, actual);
        string[] expected = File.ReadAllLines(file);
        Require(file, expected, actual);
    }

    [Fact]
    public void Every_type_and_member_is_in_docs_api_md_with_a_word_on_it()
    {
        string file = Path.Combine(Root(), "docs", "api.md");
        ApiReference reference = new(Libraries);
        string[] actual = reference.Write().Split('\n');
        Assert.True(reference.WithoutDocs.Count == 0, $"Without XML docs: {string.Join(", ", reference.WithoutDocs)}");
        if (IsWriting)
            File.WriteAllText(file, string.Join('\n', actual));
        Require(file, File.ReadAllText(file).Split('\n'), actual);
    }

    private static bool IsWriting => Environment.GetEnvironmentVariable("CONVOLVE_WRITE_PUBLIC_API") == "1";

    private static void Require(string file, string[] expected, string[] actual)
    {
        string difference = string.Join('\n',
            expected.Except(actual).Select(line => "- " + line).Concat(actual.Except(expected).Select(line => "+ " + line)));
        Assert.True(expected.SequenceEqual(actual),
            $"{Path.GetFileName(file)} differs. If that is meant, set CONVOLVE_WRITE_PUBLIC_API=1 and run this test.\n{difference}");
    }

    [Fact]
    public void There_are_few_public_types()
    {
        int count = Core.Sum(library => library.GetExportedTypes().Length);
        Assert.True(count <= MostTypes,
            $"{count} public types, {MostTypes} at most: make internal what README, samples and guides don't need.");
    }

    private static IEnumerable<string> Lines(Type type)
    {
        yield return $"{Kind(type)} {Name(type)}{Bases(type)}";
        IEnumerable<string> members = type.GetMembers(Declared).Where(IsVisible).Select(Text).OfType<string>().Distinct();
        foreach (string member in members.Order(StringComparer.Ordinal))
            yield return "    " + member;
    }

    private static string Kind(Type type) => type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
        : type.IsAbstract && type.IsSealed ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";

    private static string Bases(Type type)
    {
        Type? parent = type.IsValueType || type.BaseType == typeof(object) ? null : type.BaseType;
        return parent is null ? "" : " : " + Name(parent);
    }

    // What a record declares by itself is the same for each.
    private static bool IsVisible(MemberInfo member) => member switch
    {
        _ when member.IsDefined(typeof(CompilerGeneratedAttribute)) && member is not MethodInfo { IsSpecialName: true } => false,
        MethodBase method => method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed),
        FieldInfo field => (field.IsPublic || field.IsFamily) && !field.IsSpecialName,
        _ => false, // properties and events are their methods
    };

    private static string? Text(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => constructor.IsStatic ? null : $"new({Parameters(constructor)})",
        MethodInfo method =>
        $"{(method.IsStatic ? "static " : "")}{Name(method.ReturnType)} {method.Name}{Generic(method)}({Parameters(method)})",
        FieldInfo field => $"{(field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
        _ => null,
    };

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters()
        .Select(p => $"{Name(p.ParameterType)} {p.Name}{(p.HasDefaultValue ? $" = {p.DefaultValue ?? "default"}" : "")}"));

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Name(Type type)
    {
        if (type.IsByRef)
            return "ref " + Name(type.GetElementType()!);
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Name(value) + "?";
        string name = type.IsGenericParameter ? type.Name : type.Namespace?.StartsWith("Convolve", StringComparison.Ordinal) == true
            ? type.FullName ?? type.Name : type.Name;
        if (!type.IsGenericType)
            return name;
        return $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
