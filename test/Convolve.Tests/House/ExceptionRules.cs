namespace Convolve.Tests.House;

/// <summary>catch (ConvolveException) catches all that is this library's own.</summary>
public class ExceptionRules
{
    [Fact]
    public void Every_public_exception_has_the_same_base()
    {
        Type[] exceptions = [.. PublicApiTests.Libraries.SelectMany(library => library.GetExportedTypes())
            .Where(type => type.IsAssignableTo(typeof(Exception)))];
        Assert.True(exceptions.Length >= 8);
        Assert.All(exceptions, type => Assert.True(type.IsAssignableTo(typeof(ConvolveException)), type.FullName));
    }

    // A file that can't be written is an IOException, as everywhere in .NET.
    [Fact]
    public void Internal_ones_are_caught_with_it_too() => Assert.All(
        PublicApiTests.Libraries.SelectMany(library => library.GetTypes()).Where(type => type.IsAssignableTo(typeof(Exception))),
        type => Assert.True(type.IsAssignableTo(typeof(ConvolveException)) || type.IsAssignableTo(typeof(IOException)), type.FullName));
}
