using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Imaging;
using Convolve.Kernels;

namespace Convolve.Cli.Commands;

/// <summary>convolve info</summary>
internal sealed class InfoCommand
{
    private readonly Option<bool> _json = Inputs.Json();

    public static Command Create()
    {
        InfoCommand info = new();
        Command command =
            new("info",
            "Show what this machine computes with: processor, kernel library, number formats, picture libraries, memory, " +
            "data.") { info._json };
        command.SetAction(info.Run);
        return command;
    }

    /// <summary>Such as "0.2.0".</summary>
    private static string Version =>
        typeof(InfoCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json));
        (string? library, string? instructions, bool bfloat16, string why) = Kernels();
        (string? Library, string? Problem) pictures = Pictures();
        var sets = Datasets.All.Select(d => Datasets.Locate(d.Name)).ToList();
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["version"] = Version,
                ["processor"] = Machine.ProcessorName,
                ["cores"] = Environment.ProcessorCount,
                ["threads"] = Machine.Threads,
                ["kernel_library"] = library,
                ["instruction_set"] = instructions,
                ["own_kernel_bits"] = Machine.OwnKernelBits,
                ["precisions"] = new JsonArray(bfloat16 ? ["f32", "bf16"] : library is null ? [] : ["f32"]),
                ["precision_reason"] = why,
                ["picture_library"] = pictures.Library,
                ["jpeg_accelerator"] = ImageLibraries.JpegAccelerator,
                ["dotnet"] = Environment.Version.ToString(),
                ["system"] = RuntimeInformation.OSDescription,
                ["memory_bytes"] = memory,
                ["available_memory_bytes"] = Machine.AvailableMemoryBytes,
                ["datasets"] = new JsonArray([.. sets.Select(s => new JsonObject { ["name"] = s.Info.Name, ["folder"] = s.Directory })]),
                ["cache"] = Datasets.CacheDirectory,
            });
            return Failures.Success;
        }
        output.Fact("convolve", Version);
        output.Fact("processor", $"{Machine.ProcessorName}, {Environment.ProcessorCount} cores, {Machine.Threads} threads");
        output.Fact("kernels", library is null ? why : $"{library}, {instructions}; own kernels {Machine.OwnKernelBits}-bit");
        if (library is not null && Machine.MissingAccelerator is { } missing)
            output.Fact("", missing);
        if (library is not null)
            output.Fact("precision", $"{(bfloat16 ? "f32, bf16" : "f32")}: {why}");
        output.Fact("pictures", pictures.Problem ?? $"{pictures.Library}; JPEG " + (ImageLibraries.JpegAccelerator is { } jpeg
            ? $"with {jpeg}" : "without TurboJPEG, an optional library" +
            $"{(OperatingSystem.IsLinux() ? " (Debian: libturbojpeg0)" : "")} that loads photos faster"));
        output.Fact("memory",
            $"{Format.Bytes(memory)}{(Machine.AvailableMemoryBytes is { } free ? $", {Format.Bytes(free)} available" : "")}");
        output.Fact(".NET", $"{Environment.Version} on {RuntimeInformation.OSDescription}");
        foreach (DatasetLocation set in sets)
            output.Fact(set == sets[0] ? "data" : "", $"{set.Info.Name}: {set.Directory ?? "not found"}");
        output.Fact("cache", Datasets.CacheDirectory);
        return Failures.Success;
    }

    private static (string? Library, string? Problem) Pictures()
    {
        try
        {
            return (ImageLibraries.Decoder, null);
        }
        catch (ImageLibraryException e)
        {
            return (null, e.Message);
        }
    }

    private static (string? Library, string? Instructions, bool BFloat16, string Why) Kernels()
    {
        try
        {
            return (Machine.KernelLibraryName, Machine.InstructionSetName, Machine.HasNativeBFloat16,
                Machine.HasNativeBFloat16 ? "the CPU has native bfloat16" : $"{Machine.WhyNoBFloat16}, and bfloat16 is not emulated");
        }
        catch (KernelLibraryException e)
        {
            return (null, null, false, e.Message);
        }
    }
}
