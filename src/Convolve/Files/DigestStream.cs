using System.Security.Cryptography;

namespace Convolve.Files;

/// <summary>
/// Passes bytes on to a stream and computes their digest, and the checksum of the piece that is being written, on the way.
/// </summary>
internal sealed class DigestStream(Stream target) : WriteOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The CRC-32C of what has been written since it was last set to 0.</summary>
    public uint Checksum { get; set; }

    /// <summary>The SHA-256 of all that has been written.</summary>
    public byte[] Digest() => _hash.GetCurrentHash();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Checksum = Crc32C.Append(Checksum, buffer);
        _hash.AppendData(buffer);
        target.Write(buffer);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _hash.Dispose();
        base.Dispose(disposing);
    }
}
