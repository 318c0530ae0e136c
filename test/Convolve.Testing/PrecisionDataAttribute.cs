using System.Reflection;
using Convolve.Planning;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Convolve.Testing;

/// <summary>
/// One row of a theory, beginning with a precision; a row in bfloat16 is skipped, with the reason, where the processor has none.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class PrecisionDataAttribute : DataAttribute
{
    private readonly object[] _row;

    public PrecisionDataAttribute(Precision precision, params object[] rest)
    {
        _row = [precision, .. rest];
        if (precision == Precision.BFloat16)
            Skip = Features.Missing(Feature.BFloat16);
    }

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([new TheoryDataRow(_row) { Skip = Skip }]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
