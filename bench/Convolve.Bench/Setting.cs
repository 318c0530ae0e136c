using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Zoo;

namespace Convolve.Bench;

/// <summary>What a child process measures of Convolve: a network at a batch size in a mode.</summary>
/// <param name="Network">Of the zoo; lenet5 with tanh, as it is on the other sides.</param>
/// <param name="BatchSize">Images of a step.</param>
/// <param name="Mode">f32, f32-exact (without Winograd) or bf16.</param>
internal sealed record Setting(string Network, int BatchSize, string Mode)
{
    public static Setting Take(Arguments arguments) =>
        new(arguments.Word("the network"), arguments.Count("--batch-size", 128), arguments.OneOf("--mode", "f32", "f32-exact", "bf16"));

    public ExecutionOptions Options => new()
    {
        Precision = Mode == "bf16" ? Precision.BFloat16 : Precision.Float32,
        Exact = Mode == "f32-exact"
    };

    public Graph Graph => Network == "lenet5" ? LeNet5.Create(options: new() { Activation = new Tanh() }) : NetworkCatalog.Create(Network);
}
