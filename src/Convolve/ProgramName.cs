namespace Convolve;

/// <summary>What the running program is started by, so that commands in messages can be pasted into a shell.</summary>
internal static class ProgramName
{
    /// <summary>As a shell takes it, such as "./convolve". The command line sets it when it starts; "convolve" elsewhere.</summary>
    public static string Current { get; set; } = "convolve";
}
