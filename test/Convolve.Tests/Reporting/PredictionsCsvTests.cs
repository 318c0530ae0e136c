using Convolve.Evaluations;
using Convolve.Reporting;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Reporting;

public sealed class PredictionsCsvTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Has_a_row_for_each_picture_whatever_it_is_called()
    {
        Predictions predictions = new(["a,b", "c\"d"], [new(7), new(9, "x,\"1\".png")], [0, 1], [0, 0, float.NaN, 1]);
        PredictionsCsv.Write(_folder["all.csv"], predictions);
        Assert.Equal(
            "sample,file,true,predicted,correct,confidence,loss,\"p:a,b\",\"p:c\"\"d\"\r\n7,,\"a,b\",\"a,b\",1,0.5,0.693147181,0.5,0.5\r\n"
            + "9,\"x,\"\"1\"\".png\",\"c\"\"d\",,0,NaN,NaN,NaN,NaN\r\n", File.ReadAllText(_folder["all.csv"]));
    }
}
