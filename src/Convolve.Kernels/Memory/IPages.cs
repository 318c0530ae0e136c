namespace Convolve.Kernels.Memory;

/// <summary>Memory as the system gives it.</summary>
internal interface IPages
{
    /// <summary>Zeroed memory, aligned to cache lines.</summary>
    /// <returns>Its address; 0 if the system has less.</returns>
    nint Take(nuint bytes);

    /// <summary>Addresses that are kept free and take no memory.</summary>
    /// <returns>The first of them; 0 if the system can't.</returns>
    nint Reserve(nuint bytes);

    /// <summary>Gives reserved addresses zeroed memory; what they already have is kept.</summary>
    /// <returns>Whether the system has that much.</returns>
    bool Commit(nint address, nuint bytes);

    /// <summary>Asks for huge pages.</summary>
    void PreferHuge(nint address, nuint bytes);

    /// <summary>Gives back all of what was taken or reserved.</summary>
    bool Release(nint address, nuint bytes);
}
