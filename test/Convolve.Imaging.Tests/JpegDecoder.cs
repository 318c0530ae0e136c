namespace Convolve.Imaging.Tests;

/// <summary>
/// Runs a class of tests with TurboJPEG, where it is installed, or with Skia alone: what a file is must not depend on it.
/// </summary>
public abstract class JpegDecoder : IDisposable
{
    private protected JpegDecoder(bool turbo) => ImageLibraries.UsesTurboJpeg = turbo && ImageLibraries.JpegAccelerator is not null;

    public void Dispose()
    {
        ImageLibraries.UsesTurboJpeg = ImageLibraries.JpegAccelerator is not null;
        GC.SuppressFinalize(this);
    }

    /// <summary>What a file comes to with one of the decoders: its pixels, or the error.</summary>
    internal static string Outcome(byte[] file, bool turbo, long maxPixels = ImageDecoder.UsualMaxPixels)
    {
        ImageLibraries.UsesTurboJpeg = turbo;
        try
        {
            return Convert.ToHexString(ImageDecoder.Decode(file, "picture", 3, out _, maxPixels));
        }
        catch (ImageException e)
        {
            return e.Message;
        }
    }
}
