using System.CommandLine;
using Convolve.Cli.Terminal;
using Convolve.Drawing.Sheets;
using Convolve.Files;

namespace Convolve.Cli.Options;

/// <summary>A sheet of pictures to write: PNG or SVG, by the name of the file.</summary>
internal sealed class SheetFile
{
    private readonly string _path;

    /// <exception cref="UsageException">The name has another ending, or nothing can be written there.</exception>
    public SheetFile(string path, string option)
    {
        if (!IsSvg(path) && !path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"{option}: expected a file name that ends in .png or .svg, got {path}.");
        _path = OutputPath.File(path, option);
    }

    /// <summary>The option that names it.</summary>
    public static Option<string?> Option(string usual) => Inputs.Word("--out", "FILE",
        $"The sheet to write: a PNG file, or SVG where the name ends in .svg; replaced if it exists. Default: {usual} in the current " +
        $"folder.");

    /// <summary>As typed.</summary>
    public override string ToString() => _path;

    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Write(Sheet sheet)
    {
        if (IsSvg(_path))
            AtomicFile.WriteText(_path, sheet.ToSvg());
        else
            AtomicFile.WriteBytes(_path, sheet.ToPng());
    }

    private static bool IsSvg(string path) => path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase);
}
