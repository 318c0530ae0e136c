using System.Runtime.CompilerServices;
using Convolve.Kernels.Contract;

namespace Convolve.OneDnn;

/// <summary>A walk in the library's terms, height first: dilation 0 means dense.</summary>
internal unsafe ref struct WalkSizes
{
    private fixed long _values[10];

    public WalkSizes(Walk walk, (int Height, int Width) kernel = default)
    {
        (_values[0], _values[1]) = walk.Stride;
        (_values[2], _values[3]) = (walk.Dilation.Height - 1, walk.Dilation.Width - 1);
        (_values[4], _values[5]) = walk.Before;
        (_values[6], _values[7]) = walk.After;
        (_values[8], _values[9]) = kernel;
    }

    // A ref struct lives on the stack, so its address is fixed.
    public long* Stride => At(0);

    public long* Dilation => At(2);

    public long* Before => At(4);

    public long* After => At(6);

    public long* Kernel => At(8);

    private long* At(int index) => (long*)Unsafe.AsPointer(ref _values[0]) + index;
}
