using System.Globalization;
using Convolve.Execution;

namespace Convolve.Bench;

/// <summary>Whose time it is.</summary>
internal enum Side
{
    Convolve,
    PyTorch,

    /// <summary>The bare kernels, without anything between them.</summary>
    Kernels,

    /// <summary>Convolve's trainer, loading included.</summary>
    Trainer,
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
    public (int WarmUp, int Steps) Steps(bool quick) => Workload == Workload.LeNet ? (quick ? (10, 100) : (30, 400))
        : Workload.IsSmall ? (quick ? (3, 20) : (10, 60))
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
            int images = Workload == Workload.LeNet ? 60000 : (Workload.IsSmall ? 60 : quick ? 3 : 8) * Workload.BatchSize;
            return ["epoch", Workload.Network, "--batch-size", batch, "--mode", Mode, "--images",
                images.ToString(CultureInfo.InvariantCulture)];
        }
        string[] words =
        [
            Workload.Network, "--batch-size", batch, "--mode", Mode,
            "--warm-up", warmUp.ToString(CultureInfo.InvariantCulture), "--steps", steps.ToString(CultureInfo.InvariantCulture),
        ];
        return Side == Side.Convolve ? ["measure", .. words] : words;
    }

    /// <summary>What one round measures, neighbors being what is compared.</summary>
    public static IReadOnlyList<Measurement> Round(bool quick)
    {
        string[] precisions = ["f32", "bf16"];
        List<Measurement> all = [];
        foreach (string precision in quick ? ["f32"] : precisions)
        {
            all.AddRange(BesidePyTorch(Workload.LeNet, precision, hasPlainFormat: true));
            all.Add(new(Workload.LeNet, Side.Kernels, precision));
        }
        foreach (Workload workload in quick ? [Workload.AlexNet] : new[] { Workload.AlexNet with { BatchSize = 64 }, Workload.AlexNet })
        {
            // The plain formats are slower than channels_last here; a quick run leaves them out, and says so.
            foreach (string precision in precisions)
            {
                all.AddRange(BesidePyTorch(workload, precision, hasPlainFormat: !quick));
                all.Add(new(workload, Side.Kernels, precision));
                if (precision == "f32")
                    all.Add(new(workload, Side.Convolve, "f32-exact"));
            }
        }
        foreach (Workload workload in Workload.Normalized)
            all.AddRange(precisions.SelectMany(precision => BesidePyTorch(workload, precision, hasPlainFormat: true)));
        foreach (Workload workload in new[] { Workload.Fashion28, Workload.AlexNet2012 })
            all.AddRange(precisions.Select(precision => new Measurement(workload, Side.Convolve, precision)));
        all.Add(new(Workload.LeNet, Side.Trainer, "f32"));
        if (!quick)
            all.Add(new(Workload.AlexNet, Side.Trainer, "f32"));
        all.Add(new(Workload.AlexNet, Side.Trainer, "bf16"));
        // The faster mode waits for the larger share of its time.
        string fast = Machine.HasNativeBFloat16 ? "bf16" : "f32";
        all.AddRange(CifarRecipe.All.Select(recipe => new Measurement(new(recipe.Name, recipe.Arm.Recipe.BatchSize), Side.Trainer, fast)));
        return all;
    }

    private static IEnumerable<Measurement> BesidePyTorch(Workload workload, string precision, bool hasPlainFormat) =>
    [
        new(workload, Side.Convolve, precision),
        .. hasPlainFormat ? [new Measurement(workload, Side.PyTorch, precision)] : Array.Empty<Measurement>(),
        new(workload, Side.PyTorch, $"{precision}-cl"),
    ];
}
