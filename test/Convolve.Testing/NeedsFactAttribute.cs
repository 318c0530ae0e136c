using Xunit;

namespace Convolve.Testing;

/// <summary>A test that is skipped, with the reason, where the machine lacks what it needs.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(params Feature[] features) => Skip = Features.Missing(features);
}
