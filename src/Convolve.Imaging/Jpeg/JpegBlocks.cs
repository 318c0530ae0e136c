using System.Numerics;
using System.Runtime.CompilerServices;

namespace Convolve.Imaging.Jpeg;

/// <summary>Reads the codes of one block of 64 coefficients, and leaves what they mean to the decoder.</summary>
/// <remarks>
/// Each method says whether the codes are possible. Where the data end too early <see cref="JpegBits.IsShort"/> says so as well. Source:
/// ITU-T T.81, annexes F.2.2 and G.1.2.
/// </remarks>
internal static class JpegBlocks
{
    private const int Last = 63, ZeroRun = 15;

    /// <summary>A block of a sequential scan: the difference of its mean, and all its details.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Sequential(ref JpegBits bits, JpegHuffmanTable dc, JpegHuffmanTable ac)
    {
        if (!FirstDc(ref bits, dc))
            return false;
        for (int k = 1; k <= Last;)
        {
            bits.Fill();
            int symbol = ac.Read(ref bits);
            if (symbol < 0)
                return false;
            int run = symbol >> 4, length = symbol & 15;
            if (length == 0)
            {
                if (run != ZeroRun)
                    break; // the end of the block
                k += ZeroRun + 1;
                continue;
            }
            k += run + 1;
            if (k > Last + 1)
                return false;
            bits.Skip(length);
        }
        return true;
    }

    /// <summary>The first bits of the mean of a block of a progressive picture.</summary>
    public static bool FirstDc(ref JpegBits bits, JpegHuffmanTable dc)
    {
        bits.Fill();
        int length = dc.Read(ref bits);
        if (length < 0)
            return false;
        bits.Skip(length);
        return true;
    }

    /// <summary>One more bit of a block's mean.</summary>
    public static void RefineDc(ref JpegBits bits)
    {
        bits.Fill();
        bits.Skip(1);
    }

    /// <summary>The first bits of some coefficients of a block of a progressive picture.</summary>
    /// <param name="bits">The coded data.</param>
    /// <param name="ac">The table.</param>
    /// <param name="scan">Which coefficients.</param>
    /// <param name="endRun">Blocks that have none of these coefficients from here on.</param>
    /// <param name="present">Gets a bit for each coefficient that isn't 0 any more.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool FirstAc(ref JpegBits bits, JpegHuffmanTable ac, JpegScan scan, ref int endRun, ref ulong present)
    {
        if (endRun > 0)
        {
            endRun--;
            return true;
        }
        for (int k = scan.First; k <= scan.Last; k++)
        {
            bits.Fill();
            int symbol = ac.Read(ref bits);
            if (symbol < 0)
                return false;
            int run = symbol >> 4, length = symbol & 15;
            if (length > 0)
            {
                k += run;
                if (k > scan.Last)
                    return false;
                bits.Skip(length);
                present |= 1UL << k;
            }
            else if (run == ZeroRun)
            {
                k += ZeroRun;
            }
            else
            {
                endRun = (1 << run) + bits.Read(run) - 1;
                break;
            }
        }
        return true;
    }

    /// <summary>One more bit of some coefficients of a block: of each that isn't 0, and of those that become 1 by it.</summary>
    /// <inheritdoc cref="FirstAc"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool RefineAc(ref JpegBits bits, JpegHuffmanTable ac, JpegScan scan, ref int endRun, ref ulong present)
    {
        int k = scan.First;
        for (; k <= scan.Last && endRun == 0; k++)
        {
            bits.Fill();
            int symbol = ac.Read(ref bits);
            if (symbol < 0)
                return false;
            int run = symbol >> 4, length = symbol & 15;
            if (length > 1)
                return false;
            if (length == 1)
            {
                bits.Skip(1); // the sign
            }
            else if (run < ZeroRun)
            {
                endRun = (1 << run) + bits.Read(run);
                break;
            }
            int corrections = 0;
            for (; k <= scan.Last; k++)
            {
                if ((present >> k & 1) != 0)
                    corrections++;
                else if (--run < 0)
                    break;
            }
            SkipMany(ref bits, corrections);
            if (length == 0)
                continue;
            if (k > scan.Last)
                return false;
            present |= 1UL << k;
        }
        if (endRun == 0)
            return true;
        endRun--;
        if (k <= scan.Last)
            SkipMany(ref bits, BitOperations.PopCount(present >> k & ulong.MaxValue >> (Last - scan.Last + k)));
        return true;
    }

    private static void SkipMany(ref JpegBits bits, int count)
    {
        for (; count > 0; count -= JpegBits.MostAtOnce)
        {
            bits.Fill();
            bits.Skip(Math.Min(count, JpegBits.MostAtOnce));
        }
    }
}
