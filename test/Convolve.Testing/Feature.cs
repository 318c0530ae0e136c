namespace Convolve.Testing;

/// <summary>Something that a test needs and a machine may lack.</summary>
public enum Feature
{
    /// <summary>Registers of 256 bits for the kernels in C#, with fused multiply-add.</summary>
    Avx2,

    /// <summary>oneDNN, whether or not kernels are chosen from it.</summary>
    Library,

    /// <summary>The kernel library's AVX2 kernels.</summary>
    LibraryAvx2,

    /// <summary>The kernel library's AVX-512 kernels.</summary>
    LibraryAvx512,

    /// <summary>bfloat16 in the processor, which the kernel library may use.</summary>
    BFloat16,

    /// <summary>No variable keeps this process from a part of the processor, so that a child process can be kept from it.</summary>
    WholeProcessor,

    Linux,

    /// <summary>Links and permissions as Linux and macOS have them.</summary>
    Unix,

    /// <summary>The right to mount a small file system.</summary>
    Mounting,

    /// <summary>Debian's dataset-fashion-mnist.</summary>
    FashionMnist,

    /// <summary>The kernel library's C headers and a C compiler.</summary>
    KernelHeaders,

    /// <summary>Debian's python3-torch.</summary>
    PyTorch,

    /// <summary>Debian's python3-h5py.</summary>
    H5py,

    /// <summary>Debian's python3-torchvision.</summary>
    Torchvision,

    /// <summary>Debian's python3-onnx, ONNX's own checker.</summary>
    OnnxChecker,

    /// <summary>Debian's python3-opencv.</summary>
    OpenCv,

    /// <summary>Node and npm.</summary>
    Node,

    /// <summary>Debian's openmpi-bin.</summary>
    OpenMpi,

    /// <summary>Open MPI 5, which has fault tolerance: Debian 13's openmpi-bin.</summary>
    OpenMpi5,
}
