using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Convolve.Layers;

namespace Convolve.Tests.House;

/// <summary>The arrows between the namespaces point one way: Layers, Graphs, Planning, Execution, Training, Reporting; Data knows nothing of networks.</summary>
public class NamespaceRules
{
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        [""] = [],
        ["Layers"] = [""],
        ["Graphs"] = ["", "Layers"],
        ["Drawing"] = ["", "Layers", "Graphs"],
        ["Analysis"] = ["", "Layers", "Graphs"],
        ["Kernels"] = [""],
        ["Planning"] = ["", "Layers", "Graphs", "Kernels"],
        ["Execution"] = ["", "Layers", "Graphs", "Kernels", "Planning"],
        ["Files"] = [""],
        ["Formats"] = ["", "Files"],
        ["Data"] = ["", "Files", "Kernels"],
        ["Evaluations"] = [""],
        ["Inference"] = ["", "Layers", "Graphs", "Planning", "Execution", "Data", "Files", "Formats", "Evaluations"],
        ["Runs"] = ["", "Layers", "Graphs", "Analysis", "Planning", "Execution", "Data", "Files", "Formats", "Evaluations", "Inference", "Training"],
        ["Training"] = ["", "Layers", "Graphs", "Analysis", "Planning", "Execution", "Data", "Files", "Formats", "Evaluations", "Inference", "Runs"],
        ["Reporting"] = ["", "Layers", "Graphs", "Drawing", "Analysis", "Planning", "Execution", "Data", "Files", "Formats", "Evaluations", "Inference", "Runs", "Training"],
    };

    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => (int)(ushort)code.Value);

    [Fact]
    public void Compiled_code_follows_the_arrows()
    {
        var wrong = from type in typeof(Layer).Assembly.GetTypes()
                    where type.Namespace is not null && Part(type) is not null && !type.IsDefined(typeof(CompilerGeneratedAttribute))
                    from used in References(type)
                    let part = Part(used)
                    where part is not null && part != Part(type) && !Allowed(Part(type)!).Contains(part)
                    select $"{type.FullName} uses {used.FullName}";
        RequireNone(wrong.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_namespace_has_its_arrows() =>
        RequireNone(typeof(Layer).Assembly.GetTypes().Select(Part).OfType<string>().Distinct().Where(part => !MayUse.ContainsKey(part)));

    [Fact]
    public void Sources_follow_the_arrows()
    {
        var wrong = from file in Sources()
                    let part = PartOfFolder(file).Split('.')[0]
                    from line in File.ReadLines(file)
                    let used = line.StartsWith("using Convolve.", StringComparison.Ordinal) ? line["using Convolve.".Length..].TrimEnd(';').Split('.')[0] : null
                    where used is not null && MayUse.ContainsKey(used) && used != part && !Allowed(part).Contains(used)
                    select $"{Path.GetFileName(file)}: {line}";
        RequireNone(wrong);
    }

    [Fact]
    public void A_folder_is_a_namespace()
    {
        var wrong = from file in Sources()
                    let part = PartOfFolder(file)
                    let line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))
                    where line is not null && line != (part.Length > 0 ? $"namespace Convolve.{part};" : "namespace Convolve;")
                    select $"{Path.GetFileName(file)}: {line}";
        RequireNone(wrong);
    }

    private static void RequireNone(IEnumerable<string> wrong)
    {
        string[] list = [.. wrong];
        Assert.True(list.Length == 0, string.Join('\n', list));
    }

    // What a rule forgets, it forbids; unlisted namespaces fail in Every_namespace_has_its_arrows.
    private static string[] Allowed(string part) => MayUse.GetValueOrDefault(part, []);

    private static string? Part(Type type)
    {
        if (type.Assembly != typeof(Layer).Assembly || type.Namespace is not { } name)
            return null;
        return name == "Convolve" ? "" : name.StartsWith("Convolve.", StringComparison.Ordinal) ? name.Split('.')[1] : null;
    }

    private static string PartOfFolder(string file) =>
        Path.GetRelativePath(SourceFolder(), Path.GetDirectoryName(file)!).Replace('/', '.') is var part and not "." ? part : "";

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(SourceFolder(), "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(SourceFolder(), file).Split('/').Any(folder => folder is "obj" or "bin"));

    private static string SourceFolder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/Convolve"));

    private static HashSet<Type> References(Type type)
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        HashSet<Type> found = [];
        Note(type.BaseType);
        Array.ForEach(type.GetInterfaces(), Note);
        foreach (FieldInfo field in type.GetFields(Own))
            Note(field.FieldType);
        foreach (MethodBase method in type.GetMethods(Own).Concat<MethodBase>(type.GetConstructors(Own)))
        {
            Note((method as MethodInfo)?.ReturnType);
            Array.ForEach(method.GetParameters(), parameter => Note(parameter.ParameterType));
            NoteBody(method);
        }
        foreach (Type nested in type.GetNestedTypes(Own).Where(nested => nested.IsDefined(typeof(CompilerGeneratedAttribute))))
            found.UnionWith(References(nested)); // lambdas and iterators
        return found;

        void Note(Type? used)
        {
            if (used is null || used.IsGenericParameter)
                return;
            if (used.HasElementType)
                Note(used.GetElementType());
            else if (found.Add(used.IsGenericType ? used.GetGenericTypeDefinition() : used) || used.IsGenericType)
                Array.ForEach(used.GetGenericArguments(), argument => Note(argument == used ? null : argument));
        }

        void NoteBody(MethodBase method)
        {
            if (method.GetMethodBody() is not { } body)
                return;
            foreach (LocalVariableInfo local in body.LocalVariables)
                Note(local.LocalType);
            foreach (int token in Tokens(body.GetILAsByteArray()!))
                try
                {
                    MemberInfo? member = method.Module.ResolveMember(token, type.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null);
                    Note(member as Type ?? member?.DeclaringType);
                }
                catch (Exception e) when (e is ArgumentException or BadImageFormatException)
                {
                    // a standalone signature names no member
                }
        }
    }

    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (int at = 0; at < code.Length;)
        {
            OpCode op = OpCodesByValue[code[at] == 0xFE ? 0xFE00 | code[at + 1] : code[at]];
            at += op.Size;
            if (op.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                yield return BitConverter.ToInt32(code, at);
            at += op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }
}
