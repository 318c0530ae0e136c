using System.Diagnostics;
using Convolve.Data.Inputs;
using Convolve.Execution;
using Convolve.Inference;
using Convolve.Kernels.Threads;

namespace Convolve.Serving.Batching;

/// <summary>A trained network, with the plans of all its batch sizes made and timed.</summary>
internal sealed class ClassifierNetwork : IBatchNetwork
{
    private static readonly TimeSpan Trial = TimeSpan.FromMilliseconds(2);
    private const int LeastRuns = 2, MostRuns = 20;
    private readonly BatchPredictor _predictor;
    private readonly int[] _sizes;
    private readonly int[] _best; // the size for each number of waiting pictures

    private ClassifierNetwork(BatchPredictor predictor, int maxBatch)
    {
        (_predictor, MaxBatch) = (predictor, maxBatch);
        InputLength = predictor.InputLength;
        OutputLength = predictor.Preprocessing.ClassNames.Count;
        List<int> sizes = [];
        for (int size = 1; size < maxBatch; size *= 2)
            sizes.Add(size);
        _sizes = [.. sizes, maxBatch];
        _best = Choose(_sizes, [.. _sizes.Select(Time)]);
    }

    /// <summary>Reads a model file, and prepares it for batches of 1, 2, 4 and so on up to the largest.</summary>
    /// <param name="path">A run folder, or the model file in it.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="maxBatch">The most pictures of a batch.</param>
    /// <exception cref="Formats.SafeTensorsException">The file is missing, damaged or not a model file of Convolve.</exception>
    public static ClassifierNetwork Load(string path, ExecutionOptions options, int maxBatch)
    {
        using ModelFile file = ModelFile.Open(path);
        return Create(new(file.CreateModel(options), file.Preprocessing), maxBatch);
    }

    /// <summary>Prepares a model, which it owns from here on.</summary>
    public static ClassifierNetwork Create(BatchPredictor predictor, int maxBatch)
    {
        try
        {
            return new(predictor, maxBatch);
        }
        catch
        {
            predictor.Dispose();
            throw;
        }
    }

    public int InputLength { get; }

    public int OutputLength { get; }

    public int MaxBatch { get; }

    public Preprocessing Preprocessing => _predictor.Preprocessing;

    public BatchPredictor Predictor => _predictor;

    public int SizeFor(int waiting) => _best[waiting];

    public bool IsForOneThread(int size) => _predictor.Model.FindForOneThread(size) is not null;

    public void Run(ReadOnlySpan<BatchPart> parts, int size)
    {
        Executor pass = _predictor.Model.Evaluation(size);
        int at = 0;
        foreach (BatchPart part in parts)
        {
            pass.Write(part.Work.Inputs.AsSpan(part.First * InputLength, part.Count * InputLength), at * InputLength);
            at += part.Count;
        }
        // What fills the batch up is an older batch's memory otherwise: denormal numbers would be slow.
        pass.InputFloat32[Math.Min(at * InputLength, pass.InputFloat32.Length)..].Clear();
        pass.InputBFloat16[Math.Min(at * InputLength, pass.InputBFloat16.Length)..].Clear();
        pass.Run();
        ReadOnlySpan<float> logits = pass.Logits;
        at = 0;
        foreach (BatchPart part in parts)
        {
            logits.Slice(at * OutputLength, part.Count * OutputLength).CopyTo(part.Work.Outputs.AsSpan(part.First * OutputLength));
            at += part.Count;
        }
    }

    public void Dispose() => _predictor.Dispose();

    /// <summary>For each number of waiting pictures the size that answers the most of them a second; of equals, the smaller.</summary>
    internal static int[] Choose(int[] sizes, double[] seconds)
    {
        int[] best = new int[sizes[^1] + 1];
        for (int waiting = 1; waiting < best.Length; waiting++)
        {
            double most = 0;
            for (int i = 0; i < sizes.Length; i++)
                if (Math.Min(sizes[i], waiting) / seconds[i] > most * 1.02)
                    (most, best[waiting]) = (Math.Min(sizes[i], waiting) / seconds[i], sizes[i]);
        }
        return best;
    }

    // The first run makes the kernels; of the others, the shortest counts.
    private double Time(int size)
    {
        double least = double.PositiveInfinity;
        long begin = Stopwatch.GetTimestamp();
        for (int run = 0; run < LeastRuns || (run < MostRuns && Stopwatch.GetElapsedTime(begin) < Trial); run++)
            ThreadTeam.Invoke(() =>
            {
                Executor pass = _predictor.Model.Evaluation(size);
                pass.Write(new float[size * InputLength]);
                long start = Stopwatch.GetTimestamp();
                pass.Run();
                least = run == 0 ? least : Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
            });
        return least;
    }
}
