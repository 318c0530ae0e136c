using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Convolve.Tests.House;

/// <summary>The types that compiled code uses.</summary>
internal static class References
{
    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => (int)(ushort)code.Value);

    /// <summary>The types that a type uses: in its signatures, its bodies, its lambdas and iterators.</summary>
    public static HashSet<Type> Of(Type type)
    {
        const BindingFlags Own =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
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
            found.UnionWith(Of(nested)); // lambdas and iterators
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
                    MemberInfo? member = method.Module.ResolveMember(token, type.GetGenericArguments(),
                        method.IsGenericMethod ? method.GetGenericArguments() : null);
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
