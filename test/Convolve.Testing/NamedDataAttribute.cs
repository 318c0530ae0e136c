using System.Reflection;
using Convolve.Planning;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

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

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. _names.Select(name => new TheoryDataRow(name, _precision) { Skip = Skip })]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
