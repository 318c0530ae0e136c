using Xunit;

namespace Convolve.Testing;

/// <summary>A theory that is skipped, with the reason, where the machine lacks what it needs.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsTheoryAttribute : TheoryAttribute
{
    public NeedsTheoryAttribute(params Feature[] features) => Skip = Features.Missing(features);
}
