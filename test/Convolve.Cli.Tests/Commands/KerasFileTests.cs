using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Imaging;
using Convolve.Keras;
using Convolve.Kernels;
using Convolve.Testing;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Files of Keras, which h5py writes here as Keras does.</summary>
public sealed class KerasFileTests : IClassFixture<SmallRun>
{
    private readonly Cli _cli;

    public KerasFileTests(SmallRun run)
    {
        _cli = run.Cli;
        KerasOrder.Write(_cli.At("first"), _cli.At("keras.safetensors"));
        File.WriteAllBytes(_cli.At("boot.png"), PngEncoder.Encode(Datasets.Load("fashion-mnist").Test.PixelsOf(0), 1, 28, 28));
    }

    [NeedsFact(Feature.H5py)]
    public void Every_form_classifies_as_it_did()
    {
        WriteFiles();
        Assert.Equal(0, _cli.Run("import", "keras.safetensors", "--network", "lenet5", "--out", "expected.safetensors").Status);
        JsonNode expected = Answer("expected.safetensors");
        foreach ((string file, double tolerance) in new[] { ("legacy.h5", 0), ("pieces.h5", 0), ("float32.weights.h5", 0),
            ("float64.weights.h5", 0), ("model.keras", 0), ("float16.weights.h5", 2e-3), ("bfloat16.weights.h5", 3e-2) })
        {
            CliResult result = _cli.Run("import", file, "--network", "lenet5", "--out", "imported.safetensors");
            Assert.True(result.Status == 0, $"{file}: {result.Errors}");
            Assert.Contains("10 tensors, with Keras's names", result.Output, StringComparison.Ordinal);
            JsonNode answer = Answer("imported.safetensors");
            Assert.Equal((string)expected["label"]!, (string)answer["label"]!);
            Assert.Equal((double)expected["probability"]!, (double)answer["probability"]!, tolerance);
        }
        KerasWeights.ToSafeTensors(_cli.At("legacy.h5"), _cli.At("copy.safetensors"));
        CliResult whole = _cli.Run("import", "legacy.h5", "--network", "lenet5-keras", "--out", "none.safetensors");
        Assert.Equal(2, whole.Status);
        Assert.Contains("fc1.weight: mu/mu/kernel:0 [400, 120] in the file, [256, 120] here", whole.Errors, StringComparison.Ordinal);
    }

    // Whatever the bytes: one exception, soon.
    [NeedsFact(Feature.H5py)]
    public void Damaged_files_are_refused()
    {
        WriteFiles();
        CounterRandom random = new(1, RandomPurpose.Test);
        foreach (string name in new[] { "legacy.h5", "pieces.h5", "float32.weights.h5", "model.keras" })
        {
            byte[] whole = File.ReadAllBytes(_cli.At(name));
            string path = _cli.At($"damaged{(name.EndsWith(".keras", StringComparison.Ordinal) ? ".keras" : ".h5")}");
            for (int i = 0; i < 30; i++)
            {
                byte[] bytes = i % 3 == 0 ? whole[..random.NextInt32(whole.Length)] : [.. whole];
                for (int change = i % 3; change > 0 && bytes.Length > 0; change--)
                    bytes[random.NextInt32(Math.Min(bytes.Length, 8_000))] = (byte)random.NextInt32(256);
                File.WriteAllBytes(path, bytes);
                try
                {
                    using KerasWeightFile file = KerasWeightFile.Open(path);
                    foreach (var tensor in file.Tensors)
                        file.ReadWeights(tensor.Name, new float[tensor.ElementCount]);
                }
                catch (DatasetException e)
                {
                    Assert.StartsWith($"Cannot read '{path}' as a file of Keras: ", e.Message, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void What_is_no_file_of_Keras_is_told()
    {
        File.WriteAllBytes(_cli.At("start.h5"), [0x89, .. "HDF\r\n"u8, 0x1A, .. "\n"u8]);
        using (ZipArchive archive = ZipFile.Open(_cli.At("empty.keras"), ZipArchiveMode.Create))
            archive.CreateEntry("metadata.json");
        foreach ((string file, string reason) in new[] { ("start.h5", "it is damaged, or has a form that isn't known"),
            ("empty.keras", "there is no model.weights.h5 in it. Save it in Keras with model.save('model.keras').") })
        {
            CliResult result = _cli.Run("import", file, "--network", "lenet5", "--out", "none.safetensors");
            Assert.Equal((2, ""), (result.Status, result.Output));
            Assert.StartsWith($"convolve: Cannot read '{file}' as a file of Keras: {reason}", result.Errors, StringComparison.Ordinal);
        }
        File.Delete(_cli.At("empty.keras"));
    }

    private JsonNode Answer(string model) => JsonNode.Parse(_cli.Run("predict", model, "boot.png", "--json").Output)!;

    private void WriteFiles()
    {
        ProcessStartInfo start = new("/usr/bin/python3",
            [Path.Combine(AppContext.BaseDirectory, "keras_files.py"), _cli.At("keras.safetensors"), _cli.Folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        CliResult result = Cli.Finish(process);
        Assert.True(result.Status == 0, result.Errors);
    }
}
