using System.Formats.Tar;
using System.Text;

namespace Convolve.Tests.Data.Fetching;

/// <summary>Archives in the making, good and bad.</summary>
internal static class TarFiles
{
    private const int SizeAt = 124, ChecksumAt = 148, TypeAt = 156, HeaderBytes = 512;

    public static byte[] Of(params TarEntry[] entries)
    {
        using MemoryStream stream = new();
        using (TarWriter writer = new(stream, leaveOpen: true))
            foreach (TarEntry entry in entries)
                writer.WriteEntry(entry);
        return stream.ToArray();
    }

    public static TarEntry File(string name, byte[] content) =>
        new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) };

    public static TarEntry Folder(string name) => new UstarTarEntry(TarEntryType.Directory, name);

    public static TarEntry Link(TarEntryType type, string name, string target) => new UstarTarEntry(type, name) { LinkName = target };

    /// <summary>Changes the first header: the size it announces, in octal, and the type of its entry.</summary>
    public static byte[] Forged(byte[] tar, string octalSize, char? type = null)
    {
        byte[] forged = [.. tar];
        Encoding.ASCII.GetBytes(octalSize.PadLeft(11, '0') + "\0").CopyTo(forged, SizeAt);
        if (type is { } letter)
            forged[TypeAt] = (byte)letter;
        forged.AsSpan(ChecksumAt, 8).Fill((byte)' ');
        int sum = forged.Take(HeaderBytes).Sum(b => b);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(forged, ChecksumAt);
        return forged;
    }
}
