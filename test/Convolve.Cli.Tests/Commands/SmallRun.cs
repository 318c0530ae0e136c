namespace Convolve.Cli.Tests.Commands;

/// <summary>A small run that the tests look at.</summary>
public sealed class SmallRun : IDisposable
{
    public static readonly string[] Arguments = ["train", "lenet5", "--data", "fashion-mnist", "--limit", "1500", "--epochs", "3",
        "--batch-size", "50", "--lr", "0.05"];

    public SmallRun()
    {
        Result = Cli.Run([.. Arguments, "--out", "first", "--json"]);
        Assert.True(Result.Status == 0, Result.Errors);
    }

    public Cli Cli { get; } = new();

    public CliResult Result { get; }

    public void Dispose() => Cli.Dispose();
}
