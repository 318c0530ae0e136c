using System.Globalization;

namespace Convolve.Bench;

/// <summary>Whose time it is.</summary>
internal enum Side
{
    Convolve,
    PyTorch,

    /// <summary>The bare kernels, without anything between them.</summary>
    Kernels,

    /// <summary>Convolve's trainer on real images.</summary>
    Trainer,
}

/// <summary>A network at a batch size.</summary>
internal readonly record struct Workload(string Network, int BatchSize)
{
    public override string ToString() => $"{Network} B{BatchSize}";
}

/// <summary>One thing that is measured, once a round, in a process of its own.</summary>
/// <param name="Mode">f32 or bf16, with a suffix: -exact without Winograd, -cl in PyTorch's channels_last format.</param>
internal sealed record Measurement(Workload Workload, Side Side, string Mode)
{
    public bool IsBFloat16 => Mode.StartsWith("bf16", StringComparison.Ordinal);

    public override string ToString() => $"{Workload}, {SideName(Side)} {Mode}";

    public static string SideName(Side side) => side switch
    {
        Side.Kernels => "bare kernels",
        Side.Trainer => "Convolve's trainer",
        _ => side.ToString(),
    };

    /// <summary>How many steps: enough for a steady median, few where a minute must do.</summary>
    public (int WarmUp, int Steps) Steps(bool quick) => Workload.Network == "lenet5"
        ? (quick ? (10, 100) : (30, 400))
        : (quick ? (1, 3) : (2, 8));

    /// <summary>The words behind the program's name.</summary>
    public string[] Words(bool quick)
    {
        string batch = Workload.BatchSize.ToString(CultureInfo.InvariantCulture);
        if (Side == Side.Kernels)
            return [Workload.Network, batch, Mode, quick ? "0.12" : "0.4"];
        (int warmUp, int steps) = Steps(quick);
        if (Side == Side.Trainer)
        {
            int images = Workload.Network == "lenet5" ? 60000 : (quick ? 3 : 8) * Workload.BatchSize;
            return ["epoch", Workload.Network, "--batch-size", batch, "--mode", Mode, "--images", images.ToString(CultureInfo.InvariantCulture)];
        }
        string[] words =
        [
            Workload.Network, "--batch-size", batch, "--mode", Mode,
            "--warm-up", warmUp.ToString(CultureInfo.InvariantCulture), "--steps", steps.ToString(CultureInfo.InvariantCulture),
        ];
        return Side == Side.Convolve ? ["measure", .. words] : words;
    }

    /// <summary>What one round measures, neighbours being what is compared.</summary>
    public static IReadOnlyList<Measurement> Round(bool quick)
    {
        Workload lenet = new("lenet5", 256), half = new("alexnet-d2l", 64), alexnet = new("alexnet-d2l", 128);
        List<Measurement> all =
        [
            new(lenet, Side.Convolve, "f32"),
            new(lenet, Side.PyTorch, "f32"),
            new(lenet, Side.PyTorch, "f32-cl"),
            new(lenet, Side.Kernels, "f32"),
        ];
        if (!quick)
        {
            all.AddRange(
            [
                new(lenet, Side.Convolve, "bf16"),
                new(lenet, Side.PyTorch, "bf16"),
                new(lenet, Side.PyTorch, "bf16-cl"),
                new(lenet, Side.Kernels, "bf16"),
            ]);
        }
        foreach (Workload workload in quick ? [alexnet] : new[] { half, alexnet })
        {
            // The plain formats are slower than channels_last here; a quick run leaves them out, and says so.
            foreach (string precision in new[] { "f32", "bf16" })
            {
                all.Add(new(workload, Side.Convolve, precision));
                if (!quick)
                    all.Add(new(workload, Side.PyTorch, precision));
                all.Add(new(workload, Side.PyTorch, $"{precision}-cl"));
                all.Add(new(workload, Side.Kernels, precision));
                if (precision == "f32")
                    all.Add(new(workload, Side.Convolve, "f32-exact"));
            }
        }
        all.Add(new(lenet, Side.Trainer, "f32"));
        if (!quick)
            all.Add(new(alexnet, Side.Trainer, "f32"));
        all.Add(new(alexnet, Side.Trainer, "bf16"));
        return all;
    }
}
