using Convolve.Kernels.Contract;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Copies the runs of each sample between the parts and the whole.</summary>
internal sealed unsafe class ConcatKernel : ITeamWork
{
    private readonly nint _whole;
    private readonly nint[] _parts;
    private readonly long[] _bytes;
    private readonly long _batch, _wholeBytes;
    private readonly bool _isSplit;

    public ConcatKernel(Step step, ConcatWork work, Binder binder)
    {
        Tensor whole = step[work.IsSplit ? Argument.Source : Argument.Target];
        _whole = binder.Address(whole);
        _bytes = [.. work.PartBytes];
        _parts = [.. _bytes.Select((_, i) => binder.Address(step[Argument.FirstSource + i]))];
        (_batch, _wholeBytes, _isSplit) = (whole.Layout.Sizes[0], _bytes.Sum(), work.IsSplit);
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
