using System.CommandLine;
using Convolve.Data;

namespace Convolve.Cli.Options;

/// <summary>Where decoded pictures of a folder are kept.</summary>
internal sealed class CacheOption
{
    /// <param name="memory">What memory means for the command, and which is the default.</param>
    public CacheOption(string memory) => Option = Inputs.OneOf("--cache",
        $"Where decoded pictures of a folder larger than 256 MiB, reduced to what the transforms need, are kept: {memory} Results are " +
        "the same bits.", ("memory", Place.Memory), ("disk", Place.Disk), ("none", Place.None));

    private enum Place
    {
        Memory,
        Disk,
        None,
    }

    /// <summary>The option.</summary>
    public Option Option { get; }

    /// <summary>Options of a data set with what is typed.</summary>
    public DatasetOptions Set(ParseResult line, DatasetOptions options) => line.GetValue((Option<Place?>)Option) switch
    {
        Place.Disk => options with { MostCachedBytes = 0 },
        Place.None => options with { MostCachedBytes = 0, CachesOnDisk = false },
        _ => options,
    };
}
