namespace Convolve;

/// <summary>What the running program is started by, so that commands in messages can be pasted into a shell.</summary>
internal static class ProgramName
{
    /// <summary>As a shell takes it, such as "./convolve". The command line sets it when it starts; "convolve" elsewhere.</summary>
    public static string Current { get; set; } = "convolve";

    /// <summary>The options of a training that several processes share, such as " --ranks 4"; else empty.</summary>
    public static string Ranks { get; set; } = "";

    /// <summary>
    /// What fetches a data set by name into a folder, null for the usual one. The command line sets it to a command when it starts;
    /// elsewhere it is a call of the library.
    /// </summary>
    public static Func<string, string?, string> FetchCommand { get; set; } = (name, folder) =>
        $"Datasets.Load(\"{name}\", new() {{ AllowDownload = true{(folder is null ? "" : $", DataDirectory = \"{folder}\"")} }})";
}
