using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Convolve.Data;

/// <summary>Digests of files, of the kind that their publishers give; the length of the hexadecimal text says which.</summary>
internal static class ContentDigest
{
    /// <summary>The kind of a digest: MD5, SHA-1 or SHA-256.</summary>
    public static string KindOf(string? digest) => digest?.Length switch
    {
        null or 32 => "MD5",
        40 => "SHA-1",
        64 => "SHA-256",
        _ => throw new ArgumentException($"\"{digest}\" is not a known kind of digest.", nameof(digest)),
    };

    /// <summary>Computes digests of the same kind as another; MD5 if there is none.</summary>
    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "Some published digests are SHA-1.")]
    [SuppressMessage("Security", "CA5351:Do Not Use Broken Cryptographic Algorithms", Justification = "Some published digests are MD5.")]
    public static IncrementalHash Like(string? digest) => IncrementalHash.CreateHash(KindOf(digest) switch
    {
        "MD5" => HashAlgorithmName.MD5,
        "SHA-1" => HashAlgorithmName.SHA1,
        _ => HashAlgorithmName.SHA256,
    });

    /// <summary>The digest of what was appended, as text.</summary>
    public static string Text(this IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());

    /// <summary>The digest of a file as it is on disk, compressed or not.</summary>
    public static string OfFile(string path, string? like, CancellationToken cancellation) => DataFile.Guard(path, () =>
    {
        using FileStream file = new(path, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
        using IncrementalHash hash = Like(like);
        byte[] buffer = new byte[1 << 18];
        while (file.Read(buffer) is > 0 and int got)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, got);
        }

        return hash.Text();
    });
}
