using System.Text;
using System.Text.Unicode;

namespace Convolve.Formats;

/// <summary>What kind of file it is instead of the expected one, by its first bytes.</summary>
/// <param name="Name">Such as "a Git LFS pointer".</param>
/// <param name="Fix">What to do with it.</param>
internal sealed record FileKind(string Name, string Fix)
{
    /// <summary>How many bytes are enough to know.</summary>
    public const int HeadBytes = 4096;

    private const string Save = "safetensors.torch.save_file(model.state_dict(), 'model.safetensors')", Again = "Download the file again.",
        Unpack = "Unpack it, and use the .safetensors file in it.";

    private const string FromPyTorch = $"Export the weights in Python with {Save}.",
        FromKeras = "Export the weights as safetensors in Python: one float32 tensor for each parameter, in OIHW order.";

    private static readonly (byte[] Start, string Name, string Fix)[] Starts =
    [
        ("version https://git-lfs"u8.ToArray(), "a Git LFS pointer, not the weights themselves",
        "Run 'git lfs pull' in its repository, or download the file that it points to."),
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], "an HDF5 file, as Keras writes (.h5)", FromKeras),
        ([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'], "a NumPy array (.npy)",
        "Save the arrays in Python with safetensors.numpy.save_file."),
        ([0x1F, 0x8B], "compressed with gzip", Unpack),
        ("BZh"u8.ToArray(), "compressed with bzip2", Unpack),
        ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "compressed with xz", Unpack),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd", Unpack),
        ([(byte)'7', (byte)'z', 0xBC, 0xAF], "a 7z archive", Unpack),
        ("GGUF"u8.ToArray(), "a GGUF file, as llama.cpp reads", "Use the model's .safetensors file."),
        ([0x89, (byte)'P', (byte)'N', (byte)'G'], "a PNG image", "Pass a model file."),
        ([0xFF, 0xD8, 0xFF], "a JPEG image", "Pass a model file."),
        ("%PDF"u8.ToArray(), "a PDF document", "Pass a model file."),
        ([0x7F, (byte)'E', (byte)'L', (byte)'F'], "a program", "Pass a model file."),
    ];

    /// <summary>What a file is; null if the first bytes don't show it.</summary>
    /// <param name="head">Its first <see cref="HeadBytes"/>, or all of it.</param>
    public static FileKind? Of(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
            return new("empty", Again);
        if (head.StartsWith("PK\u0003\u0004"u8))
            return Zip(head);
        if (head.Length > 2 && head[0] == 0x80 && head[1] is >= 2 and <= 5)
            return new("a Python pickle, as torch.save wrote before PyTorch 1.6", FromPyTorch);
        foreach ((byte[] start, string name, string fix) in Starts)
            if (head.StartsWith(start))
                return new(name, fix);
        if (head.Length > 262 && head[257..].StartsWith("ustar"u8))
            return new("a tar archive", Unpack);
        if (head.Length > 8 && head[4..].StartsWith("TFL3"u8))
            return new("a TensorFlow Lite model", FromKeras);
        // Field 1, the version of the format, and field 2 or 8: the producer or the operator sets.
        if (head.Length > 4 && head[0] == 0x08 && head[1] is > 0 and < 0x20 && head[2] is 0x12 or 0x1A or 0x3A or 0x42)
            return new("an ONNX model", "Export the weights that it was made from as safetensors.");
        if (head.Length > 8 && !head.ContainsAnyExcept((byte)0))
            return new("only zeros: its copy or download was cut off", Again);
        return Text(head);
    }

    private static FileKind Zip(ReadOnlySpan<byte> head) => head.IndexOf("data.pkl"u8) >= 0 ? new("a PyTorch file (.pt, .pth)", FromPyTorch)
        : head.IndexOf(".npy"u8) >= 0 ? new("a NumPy archive (.npz)", "Save the arrays in Python with safetensors.numpy.save_file.")
        : head.IndexOf("metadata.json"u8) >= 0 ? new("a Keras file (.keras)", FromKeras)
        : new("a ZIP archive", Unpack);

    private static FileKind? Text(ReadOnlySpan<byte> head)
    {
        // The last character may be cut.
        int end = head.Length;
        while (end > 0 && end > head.Length - 4 && !Utf8.IsValid(head[..end]))
            end--;
        if (!Utf8.IsValid(head[..end]) || head[..end].IndexOfAnyInRange((byte)0, (byte)8) >= 0)
            return null;
        string text = Encoding.UTF8.GetString(head[..end]).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        return text.Length == 0 ? new("only whitespace", Again)
            : text.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase)
            || text.Contains("<html", StringComparison.OrdinalIgnoreCase)
                ? new("a web page, such as a login page", "Open its address in a browser and download the file itself.")
            : text[0] == '<' ? new("an XML file", "Pass a model file.")
            : text[0] is '{' or '[' ? new("a JSON file", "Pass the .safetensors file that belongs to it.")
            : new("a text file", "Pass a model file.");
    }
}
