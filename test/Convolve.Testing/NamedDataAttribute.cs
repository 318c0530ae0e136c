using System.Reflection;
using Convolve.Planning;
using Xunit.Sdk;

namespace Convolve.Testing;

/// <summary>
/// Rows of a theory, a name and a precision each; in bfloat16 they are skipped, with the reason, where the processor has none.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class NamedDataAttribute : DataAttribute
{
    private readonly Precision _precision;
    private readonly string[] _names;

    public NamedDataAttribute(Precision precision, params string[] names)
    {
        (_precision, _names) = (precision, names);
        if (precision == Precision.BFloat16)
            Skip = Features.Missing(Feature.BFloat16);
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [.. _names.Select(name => new object[] { name, _precision })];
}
