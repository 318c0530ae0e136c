namespace Convolve.Kernels.Contract;

/// <summary>What a kernel does with a tensor.</summary>
[Flags]
internal enum Access
{
    Read = 1,
    Write = 2,
    ReadWrite = 3,
}
