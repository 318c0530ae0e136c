using System.IO.Compression;
using System.Text;
using Convolve.Formats;

namespace Convolve.Tests.Formats;

/// <summary>A file that was given in a model file's place is called what it is, with a way on.</summary>
public sealed class FileKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, byte[], string> Files => new()
    {
        { "nothing", [], "it is empty. Download the file again." },
        { "pointer",
        Text("version https://git-lfs.github.com/spec/v1\noid " +
        "sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"),
            "it is a Git LFS pointer, not the weights themselves. Run 'git lfs pull'" },
        { "page", Text("<!DOCTYPE html>\n<html lang=\"en\"><head><title>Sign in</title></head></html>"),
        "it is a web page, such as a login page. Open its address" },
        { "page after blanks", Text("\n\n  <html><body>404</body></html>"), "it is a web page" },
        { "xml", Text("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), "it is an XML file." },
        { "torch", Zip("archive/data.pkl"),
        "it is a PyTorch file (.pt, .pth). Export the weights in Python with safetensors.torch.save_file(" },
        { "keras", Zip("metadata.json"), "it is a Keras file (.keras)." },
        { "npz", Zip("conv1.npy"), "it is a NumPy archive (.npz)." },
        { "zip", Zip("readme.txt"), "it is a ZIP archive. Unpack it" },
        { "pickle", [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20], "it is a Python pickle" },
        { "hdf5", [0x89, (byte)'H', (byte)'D', (byte)'F', 13, 10, 26, 10, 0, 0], "it is an HDF5 file, as Keras writes (.h5)." },
        { "onnx", [8, 7, 0x12, 7, .. Text("pytorch"), 0x1A, 5, .. Text("1.13."), 0x3A, 0x90, 1], "it is an ONNX model." },
        { "npy", [0x93, .. Text("NUMPY"), 1, 0, 0x76, 0], "it is a NumPy array (.npy)." },
        { "gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "it is compressed with gzip. Unpack it" },
        { "json", Text("{\"layers\": [\"Conv2d(6, 5)\"]}"), "it is a JSON file." },
        { "text", Text("0.1 0.2 0.3\n"), "it is a text file." },
        { "short text", Text("n/a"), "it is a text file." },
        { "zeros", new byte[5000], "it is only zeros: its copy or download was cut off. Download the file again." },
        { "png", [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0], "it is a PNG image." },
    };

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Files))]
    public void It_is_named(string name, byte[] bytes, string words)
    {
        File.WriteAllBytes(_folder[name], bytes);
        string message = Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open(_folder[name])).Message;
        Assert.StartsWith($"Cannot read '{_folder[name]}' as safetensors: {words}", message, StringComparison.Ordinal);
        Assert.Equal(message, Assert.Throws<SafeTensorsException>(() => SealedTensors.Open(_folder[name])).Message);
    }

    // What begins as safetensors do is told by its own reader.
    [Fact]
    public void A_cut_model_file_is_called_cut()
    {
        SafeTensors.Write(_folder["whole"], [new("w", TensorType.F32, [5000])],
            (tensor, sink) => sink.WriteBytes(new byte[tensor.ByteCount]));
        File.WriteAllBytes(_folder["cut"], File.ReadAllBytes(_folder["whole"])[..30]);
        Assert.Contains("it is truncated", Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open(_folder["cut"])).Message,
            StringComparison.Ordinal);
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Zip(string entry)
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        using (Stream file = archive.CreateEntry(entry).Open())
            file.Write("content"u8);
        return stream.ToArray();
    }
}
