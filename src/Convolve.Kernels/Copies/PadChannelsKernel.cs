using System.Runtime.InteropServices;
using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Copies;

//     for each sample:  longer[sample] = shorter[sample], zeros;  or  shorter[sample] = the beginning of longer[sample]
//
// shorter, longer  [N][bytes of a sample], in any type
// Bound: memory; every byte is read and written once.

/// <summary>Copies each sample's channels and writes zeros behind them; backward, copies what is before the zeros.</summary>
/// <param name="batch">Samples.</param>
/// <param name="shorter">The address of the tensor without the zeros.</param>
/// <param name="shorterBytes">Of a sample there.</param>
/// <param name="longer">The address of the tensor with them.</param>
/// <param name="longerBytes">Of a sample there.</param>
/// <param name="isBack">From the longer to the shorter.</param>
internal sealed unsafe class PadChannelsKernel(long batch, nint shorter, long shorterBytes, nint longer, long longerBytes, bool isBack)
    : ITeamWork
{
    public void Run(int thread, int threads)
    {
        for (long n = batch * thread / threads; n < batch * (thread + 1) / threads; n++)
        {
            byte* @short = (byte*)shorter + n * shorterBytes, @long = (byte*)longer + n * longerBytes;
            Buffer.MemoryCopy(isBack ? @long : @short, isBack ? @short : @long, shorterBytes, shorterBytes);
            if (!isBack)
                NativeMemory.Clear(@long + shorterBytes, (nuint)(longerBytes - shorterBytes));
        }
    }
}
