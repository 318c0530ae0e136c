using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Copies;

//     for each sample, each part:  whole[sample][part] = part[sample], or back
//
// whole  [N][bytes of all parts], parts [N][bytes of one], in any type or layout whose samples are runs
// Bound: memory; every byte is read and written once.

/// <summary>Copies the runs of each sample between the parts and the whole.</summary>
internal sealed unsafe class ConcatKernel : ITeamWork
{
    private readonly nint _whole;
    private readonly nint[] _parts;
    private readonly long[] _bytes;
    private readonly long _batch, _wholeBytes;
    private readonly bool _isSplit;

    /// <param name="batch">Samples.</param>
    /// <param name="whole">The address of the whole.</param>
    /// <param name="parts">The address of each part, and the bytes that a sample has there.</param>
    /// <param name="isSplit">From the whole into the parts, and not the other way.</param>
    public ConcatKernel(long batch, nint whole, IReadOnlyList<(nint Address, long Bytes)> parts, bool isSplit)
    {
        (_batch, _whole, _isSplit) = (batch, whole, isSplit);
        _parts = [.. parts.Select(part => part.Address)];
        _bytes = [.. parts.Select(part => part.Bytes)];
        _wholeBytes = _bytes.Sum();
    }

    public void Run(int thread, int threads)
    {
        for (long n = _batch * thread / threads; n < _batch * (thread + 1) / threads; n++)
        {
            byte* whole = (byte*)_whole + n * _wholeBytes;
            for (int i = 0; i < _parts.Length; i++)
            {
                byte* part = (byte*)_parts[i] + n * _bytes[i];
                Buffer.MemoryCopy(_isSplit ? whole : part, _isSplit ? part : whole, _bytes[i], _bytes[i]);
                whole += _bytes[i];
            }
        }
    }
}
