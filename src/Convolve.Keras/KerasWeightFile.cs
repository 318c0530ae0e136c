using System.IO.Compression;
using Convolve.Data;
using Convolve.Formats;
using PureHDF;
using PureHDF.VOL.Native;

namespace Convolve.Keras;

/// <summary>
/// An open file of Keras. Legacy .h5 files list their layers in order; .weights.h5 files, which .keras archives contain too, have them by
/// class and number. Whatever the bytes, the only exception is <see cref="DatasetException"/>.
/// </summary>
/// <remarks>Source: keras/src/legacy/saving/legacy_h5_format.py and keras/src/saving/saving_lib.py of Keras 3.</remarks>
internal sealed class KerasWeightFile : IWeightFile
{
    private const string Weights = "model.weights.h5", ModelGroup = "model_weights", LayerNames = "layer_names",
        WeightNames = "weight_names", Variables = "vars", Optimizer = "optimizer", TypeAttribute = "dtype", BFloat16 = "bfloat16";
    private const long MostBytes = 4L << 30;
    private const int MostTensors = 100_000, MostDepth = 32;

    private readonly string _path;
    private readonly NativeFile _file;
    private readonly Dictionary<string, IH5Dataset> _datasets = [];
    private readonly List<TensorInfo> _tensors = [];

    private KerasWeightFile(string path, NativeFile file)
    {
        (_path, _file) = (path, file);
        IH5Group root = file.LinkExists(ModelGroup) ? file.Group(ModelGroup) : file;
        IsOrdered = Names(root, LayerNames) is not null;
        if (IsOrdered)
            ReadLayers(root);
        else
            Walk(root, "", 0);
        if (_tensors.Count == 0)
            throw Wrong("it has no weights that Keras saved", "Save them in Keras with model.save_weights('model.weights.h5').");
    }

    public IReadOnlyList<TensorInfo> Tensors => _tensors;

    public bool IsOrdered { get; }

    /// <exception cref="DatasetException">It isn't a file of Keras, or it is damaged.</exception>
    public static KerasWeightFile Open(string path)
    {
        NativeFile? file = null;
        try
        {
            file = Path.GetExtension(path).Equals(".keras", StringComparison.OrdinalIgnoreCase)
                ? H5File.Open(Unpack(path), leaveOpen: false) : H5File.OpenRead(path);
            return new(path, file);
        }
        catch (Exception e) when (e is not DatasetException)
        {
            file?.Dispose();
            throw Wrong(path, File.Exists(path) ? $"it is damaged, or has a form that isn't known ({e.Message.ReplaceLineEndings(" ")})"
                : "it does not exist", "Save it again in Keras with model.save_weights('model.weights.h5').", e);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    public void ReadWeights(string name, Span<float> values)
    {
        try
        {
            IH5Dataset dataset = _datasets[name];
            TensorType type = _tensors.First(tensor => tensor.Name == name).Type;
            switch (type)
            {
                case TensorType.F32:
                    dataset.Read<float[]>().CopyTo(values);
                    break;
                case TensorType.F64:
                    Convert(dataset.Read<double[]>(), values, value => (float)value);
                    break;
                case TensorType.F16:
                    Convert(dataset.Read<Half[]>(), values, value => (float)value);
                    break;
                default:
                    Convert(dataset.Read<ushort[]>(), values, bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));
                    break;
            }
        }
        catch (Exception e)
        {
            throw Wrong($"its tensor '{name}' can't be read ({e.Message.ReplaceLineEndings(" ")})",
                "Save it again, without compression by lzf.", e);
        }
        foreach (float value in values)
            if (!float.IsFinite(value))
                throw Wrong($"a value of its tensor '{name}' is {value}", "Its training diverged. Use weights that were saved earlier.");
    }

    public void Dispose() => _file.Dispose();

    private static void Convert<T>(T[] stored, Span<float> values, Func<T, float> convert)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = convert(stored[i]);
    }

    private static MemoryStream Unpack(string path)
    {
        using ZipArchive archive = ZipFile.OpenRead(path);
        ZipArchiveEntry entry = archive.GetEntry(Weights) ?? throw Wrong(path, $"there is no {Weights} in it",
            "Save it in Keras with model.save('model.keras').");
        if (entry.Length > MostBytes / 2)
            throw Wrong(path, $"{Weights} in it has {entry.Length} bytes", $"Unpack it, and import {Weights}.");
        MemoryStream content = new();
        using Stream packed = entry.Open();
        packed.CopyTo(content);
        content.Position = 0;
        return content;
    }

    private void ReadLayers(IH5Group root)
    {
        foreach (string layer in Names(root, LayerNames)!)
        {
            IH5Group group = root.Group(layer);
            foreach (string weight in Names(group, WeightNames) ?? [])
                Add($"{layer}/{weight}", group.Dataset(weight));
        }
    }

    private void Walk(IH5Group group, string path, int depth)
    {
        if (depth > MostDepth)
            throw Wrong($"its groups are nested deeper than {MostDepth}", "Save it again in Keras.");
        foreach (IH5Object child in group.Children())
        {
            string name = path.Length == 0 ? child.Name : $"{path}/{child.Name}";
            if (child is IH5Group below && name != Optimizer)
                Walk(below, name, depth + 1);
            else if (child is IH5Dataset dataset && path.EndsWith($"/{Variables}", StringComparison.Ordinal))
                Add(name, dataset);
        }
    }

    private void Add(string name, IH5Dataset dataset)
    {
        long[] shape = [.. dataset.Space.Dimensions.Select(size => checked((long)size))];
        TensorType? type = dataset.Type switch
        {
            { Class: H5DataTypeClass.FloatingPoint, Size: 4 } => TensorType.F32,
            { Class: H5DataTypeClass.FloatingPoint, Size: 8 } => TensorType.F64,
            { Class: H5DataTypeClass.FloatingPoint, Size: 2 } => TensorType.F16,
            { Class: H5DataTypeClass.FixedPoint, Size: 2 } when IsBFloat16(dataset) => TensorType.BF16,
            _ => null, // a counter, or the state of a random generator
        };
        if (type is not { } known)
            return;
        TensorInfo tensor = TensorInfo.TryMeasure(known, shape, out _) ? new(name, known, shape)
            : throw Wrong($"its tensor '{name}' has the absurd shape [{string.Join(", ", shape)}]", "Save it again in Keras.");
        if (tensor.ByteCount > MostBytes || _tensors.Count == MostTensors || !_datasets.TryAdd(name, dataset))
            throw Wrong($"its tensor '{tensor}' is too large, or one of too many", "Save it again in Keras.");
        _tensors.Add(tensor);
    }

    private static bool IsBFloat16(IH5Dataset dataset) =>
        dataset.AttributeExists(TypeAttribute) && dataset.Attribute(TypeAttribute).Read<string>() == BFloat16;

    // A list that is too long for one attribute is in pieces: layer_names0, layer_names1, ...
    private static List<string>? Names(IH5Group group, string attribute)
    {
        if (group.AttributeExists(attribute))
            return [.. group.Attribute(attribute).Read<string[]>()];
        List<string> names = [];
        for (int piece = 0; group.AttributeExists($"{attribute}{piece}"); piece++)
            names.AddRange(group.Attribute($"{attribute}{piece}").Read<string[]>());
        return names.Count > 0 ? names : null;
    }

    private DatasetException Wrong(string reason, string fix, Exception? inner = null) => Wrong(_path, reason, fix, inner);

    private static DatasetException Wrong(string path, string reason, string fix, Exception? inner = null) =>
        new($"Cannot read '{path}' as a file of Keras: {reason}. {fix}", inner);
}
