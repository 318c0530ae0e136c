namespace Convolve.Data;

/// <summary>Where decoded pictures of a data set may be kept.</summary>
/// <param name="MostMemoryBytes">How much memory they may take together.</param>
/// <param name="OnDisk">Whether those that don't fit there are kept in the user's cache folder.</param>
internal sealed record PictureCaching(long MostMemoryBytes, bool OnDisk);
