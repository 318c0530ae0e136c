using System.Reflection;
using Xunit.v3;

[assembly: Convolve.Testing.RunningTest]

namespace Convolve.Testing;

/// <summary>
/// Writes which tests start and end to a file, where the environment names one: ./dev reads there which test took the process down, and
/// ends one that hangs.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class RunningTestAttribute : BeforeAfterTestAttribute
{
    private const string Variable = "CONVOLVE_TEST_LOG";
    private static readonly TextWriter Log = Open();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => Log.WriteLine($"+ {test.TestDisplayName}");

    public override void After(MethodInfo methodUnderTest, IXunitTest test) => Log.WriteLine($"- {test.TestDisplayName}");

    private static TextWriter Open()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
            return TextWriter.Null;
        Environment.SetEnvironmentVariable(Variable, null); // not for the processes that tests start
        return TextWriter.Synchronized(new StreamWriter(path, append: true) { AutoFlush = true });
    }
}
