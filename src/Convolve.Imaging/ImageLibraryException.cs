namespace Convolve.Imaging;

/// <summary>A library that pictures are decoded with is missing, or not one that can be used; the message says what to do.</summary>
public sealed class ImageLibraryException(string message) : ConvolveException(message);
