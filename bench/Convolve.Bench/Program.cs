using Convolve.Bench;
using Convolve.Bench.Memory;
using Convolve.Bench.Serving;
using Convolve.Data;
using Convolve.Kernels;
using Convolve.Layers;
using Convolve.Training;

const string Usage = """
    ./dev bench [--quick] [--rounds N] [--only NETWORK|RECIPE,...] [--threads N] [--output FILE]
        Convolve, PyTorch and the bare kernels side by side; see bench/README.md. A full run writes bench/results, any run FILE.
    ./dev bench --busy [--rounds N] [--only NETWORK] [--batch-size N] [--limit N] [--other PATH/convolve]
        training beside endless loops, with the default threads and with one, and by another build
    ./dev bench steps NETWORK [--batch-size N] [--precision f32|bf16] [--exact] [--inference] [--seconds S]
        the time of each step of a plan
    ./dev bench transforms [--precision f32|bf16] [--only TEXT] [--milliseconds N]
        the time to make an input of an image, by typical transforms
    ./dev bench tiles [--only 6x4,...] [--rounds N]
        the speed of the register tiles of small convolutions, by size, and their share of the peak
    ./dev bench kernels [--only TEXT] [--precision f32|bf16] [--rounds N] [--threads N]
        own kernels beside oneDNN's, for layers of the zoo's networks
    ./dev bench serving [--only NETWORK,...] [--rounds N] [--seconds S]
        `convolve serve` beside an ASP.NET minimal API over ONNX Runtime, at 1 and 32 connections
    ./dev bench predict [--only NETWORK,...] [--rounds N] [--threads N]
        one picture through ImageClassifier beside ONNX Runtime in C#
    ./dev bench memory [--only NETWORK,...] [--batch-size N,...] [--most-gigaflop N] [--output FILE]
        the memory of networks as estimated, beside what a process grew by;
        cases that FILE has are left out
    ./dev bench measure NETWORK [--batch-size N] [--mode f32|f32-exact|bf16] [--warm-up N] [--steps N]
    ./dev bench epoch NETWORK|RECIPE [--batch-size N] [--mode f32|f32-exact|bf16] [--images N]
        one measurement as a line of JSON: bare steps; epochs of the trainer on Fashion-MNIST, or of a recipe for CIFAR-10 on noise
    """;

try
{
    Arguments arguments = new(args);
    if (arguments.Flag("--help") || arguments.Flag("-h"))
    {
        Console.WriteLine(Usage);
        return 0;
    }
    switch (arguments.Command)
    {
        case "steps":
            StepTable.Print(arguments, Console.Out);
            return 0;
        case "transforms":
            TransformTable.Print(arguments, Console.Out);
            return 0;
        case "tiles":
            TileTable.Print(arguments, Console.Out);
            return 0;
        case "kernels":
            KernelTable.Print(arguments, Console.Out);
            return 0;
        case "serving":
            return ServingComparison.Run(arguments);
        case "predict":
            return PredictionTable.Run(arguments);
        case "serve-ort":
            return PeerServer.Run(arguments);
        case "memory":
            return MemoryTable.Run(arguments);
        case "memory-case":
            Console.WriteLine(MemoryCase.Take(arguments).Run().ToJson());
            return 0;
        case "measure":
            Console.WriteLine(StepMeasurement.Run(arguments).ToJson());
            return 0;
        case "epoch":
            Console.WriteLine(EpochMeasurement.Run(arguments).ToJson());
            return 0;
        case "spin":
            arguments.End();
            return BusyComparison.Spin();
        case null when arguments.Flag("--busy"):
            return BusyComparison.Run(arguments);
        case null:
            return Comparison.Run(arguments);
        default:
            throw new UsageException($"unknown command: {arguments.Command}");
    }
}
catch (UsageException e)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    Console.Error.WriteLine(Usage);
    return 2;
}
catch (Exception e) when (e is NetworkException or KernelLibraryException or DatasetException or TrainingException or MeasurementException
    or InsufficientMemoryException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}
