using System.Globalization;
using System.Reflection;

namespace Convolve.Tests.House.Api;

/// <summary>Types and members as C# writes them, and as XML docs name them.</summary>
internal static class ApiNames
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(void)] = "void",
    };

    /// <summary>A type without its namespace, such as "IReadOnlyList&lt;string&gt;".</summary>
    public static string Of(Type type) => Of(type, null);

    /// <summary>A member in one line, without "public".</summary>
    public static string Signature(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"new {Of(constructor.DeclaringType!)}({Parameters(constructor)})",
        MethodInfo { Name: "op_Implicit" or "op_Explicit" } operation =>
            $"static {operation.Name[3..].ToLowerInvariant()} operator {Of(operation.ReturnType)}({Parameters(operation)})",
        MethodInfo method => $"{(method.IsStatic ? "static " : "")}{Of(method.ReturnType, Nullability.Create(method.ReturnParameter))} " +
            $"{method.Name}{Generic(method)}({Parameters(method)})",
        PropertyInfo property => $"{(property.GetMethod!.IsStatic ? "static " : "")}" +
            $"{Of(property.PropertyType, Nullability.Create(property))} " +
            $"{(property.GetIndexParameters() is [{ } index] ? $"this[{Of(index.ParameterType)} {index.Name}]" : property.Name)}",
        FieldInfo { IsLiteral: true } constant =>
            $"const {Of(constant.FieldType)} {constant.Name} = {Value(constant.GetRawConstantValue())}",
        FieldInfo field => $"{(field.IsStatic ? "static " : "")}{Of(field.FieldType)} {field.Name}",
        _ => member.Name,
    };

    /// <summary>The name in XML docs, such as "M:Convolve.Prediction.Top(System.Int32)".</summary>
    public static string Id(MemberInfo member) => member switch
    {
        Type type => $"T:{Full(type)}",
        FieldInfo => $"F:{Full(member.DeclaringType!)}.{member.Name}",
        PropertyInfo property => $"P:{Full(member.DeclaringType!)}.{member.Name}{Arguments(property.GetIndexParameters())}",
        MethodBase method => $"M:{Full(member.DeclaringType!)}.{method.Name.Replace('.', '#')}" +
            $"{(method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "")}{Arguments(method.GetParameters())}" +
            $"{(method.Name is "op_Implicit" or "op_Explicit" ? $"~{Full(((MethodInfo)method).ReturnType)}" : "")}",
        _ => "",
    };

    private static string Of(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef)
            return Of(type.GetElementType()!, nullability?.ElementType ?? nullability);
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Of(value) + "?";
        string mark = nullability?.ReadState == NullabilityState.Nullable && !type.IsValueType ? "?" : "";
        if (type.IsArray)
            return $"{Of(type.GetElementType()!, nullability?.ElementType)}[]{mark}";
        if (Keywords.TryGetValue(type, out string? keyword))
            return keyword + mark;
        if (!type.IsGenericType)
            return (type.IsNested && !type.IsGenericParameter ? $"{type.DeclaringType!.Name}." : "") + type.Name + mark;
        string[] arguments =
            [.. type.GetGenericArguments().Select((a, i) => Of(a, nullability?.GenericTypeArguments.ElementAtOrDefault(i)))];
        return type.Name.StartsWith("ValueTuple", StringComparison.Ordinal) ? $"({string.Join(", ", arguments)})"
            : $"{type.Name.Split('`')[0]}<{string.Join(", ", arguments)}>{mark}";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p =>
        $"{(p.IsOut ? "out " : p.ParameterType.IsByRef ? "in " : "")}{Of(p.ParameterType, Nullability.Create(p))} {p.Name}" +
        $"{(p.HasDefaultValue ? $" = {Default(p)}" : "")}"));

    private static string Default(ParameterInfo parameter) => parameter.DefaultValue is { } value
        ? parameter.ParameterType.IsEnum ? $"{Of(parameter.ParameterType)}.{Enum.ToObject(parameter.ParameterType, value)}" : Value(value)
        : parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : "null";

    private static string Value(object? value) => value switch
    {
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "null",
    };

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";

    private static string Arguments(ParameterInfo[] parameters) =>
        parameters.Length == 0 ? "" : $"({string.Join(',', parameters.Select(p => Full(p.ParameterType)))})";

    private static string Full(Type type)
    {
        if (type.IsByRef)
            return Full(type.GetElementType()!) + "@";
        if (type.IsArray)
            return Full(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter)
            return $"{(type.DeclaringMethod is null ? "`" : "``")}{type.GenericParameterPosition}";
        string name = (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');
        return type.IsConstructedGenericType
            ? $"{name.Split('`')[0]}{{{string.Join(',', type.GetGenericArguments().Select(Full))}}}" : name;
    }
}
