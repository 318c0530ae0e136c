using Convolve;
using System.Diagnostics;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.OneDnn;
using Convolve.Planning;

int batch = int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture);
Precision precision = args[2] == "bf16" ? Precision.BFloat16 : Precision.Float32;
bool exact = args.Contains("exact");
Graph graph = args[0] == "lenet5"
    ? Graph.Sequential("lenet5", (1, 28, 28), [new Conv2d(6, 5, padding: 2), new Tanh(), new MaxPool2d(2), new Conv2d(16, 5), new Tanh(), new MaxPool2d(2), new Flatten(), new Linear(120), new Tanh(), new Linear(84), new Tanh(), new Linear(10)])
    : Graph.Sequential("alexnet", (1, 224, 224), [new Conv2d(96, 11, stride: 4), new ReLU(), new MaxPool2d(3, stride: 2), new Conv2d(256, 5, padding: 2), new ReLU(), new MaxPool2d(3, stride: 2),
        new Conv2d(384, 3, padding: 1), new ReLU(), new Conv2d(384, 3, padding: 1), new ReLU(), new Conv2d(256, 3, padding: 1), new ReLU(), new MaxPool2d(3, stride: 2), new Flatten(),
        new Linear(4096), new ReLU(), new Dropout(), new Linear(4096), new ReLU(), new Dropout(), new Linear(10)]);
var sw = Stopwatch.StartNew();
using Model model = new(graph, new() { Precision = precision, Exact = exact }, batch);
Console.WriteLine($"model {sw.ElapsedMilliseconds} ms, memory {model.MemoryBytes / 1048576.0:F1} MiB");
Executor pass = model.Training(batch);
if (args.Contains("plan")) Console.WriteLine(pass.Plan);
CounterRandom random = new(1, RandomPurpose.Test);
float[] images = new float[batch * graph.Input.Elements];
foreach (ref float x in images.AsSpan()) x = random.NextNormal();
int[] labels = [.. Enumerable.Range(0, batch).Select(i => i % 10)];
Console.WriteLine(model.ForwardBackward(images, labels));
Console.WriteLine(model.ForwardBackward(images, labels));
pass.IsProfiling = args.Contains("profile");
using Convolve.Training.Optimizer optimizer = new(model, new() { Momentum = .9f });
ThreadTeam.Invoke(() =>
{
    optimizer.Step(0); optimizer.Step(0); long ot = 0;
    int n = 0; sw.Restart();
    do { pass.Run((uint)n); n++; if (args.Contains("sgd")) { long o = Stopwatch.GetTimestamp(); optimizer.Step(1e-5f); ot += Stopwatch.GetTimestamp() - o; } } while (sw.ElapsedMilliseconds < 4000);
    double ms = sw.Elapsed.TotalMilliseconds / n;
    Console.WriteLine($"optimizer {Stopwatch.GetElapsedTime(0, ot).TotalMilliseconds / n:F2} ms");
    Console.WriteLine($"{ms:F3} ms/step {batch / ms * 1000:F0} images/s");
    if (pass.IsProfiling)
        for (int i = 0; i < pass.Plan.Steps.Count; i++) Console.WriteLine($"{pass.StepTimes[i].TotalMilliseconds / n,9:F3} {pass.Plan.Steps[i].Label} {(pass.Plan.Steps[i].Work as Convolve.Planning.NativeWork)?.Implementation} {string.Join(" ", pass.Plan.Steps[i].Uses.Select(u => u.Argument + "=" + u.Tensor.Layout.Format))}");
});
Console.WriteLine($"peak {Machine.ProcessMemory.Peak / 1048576.0:F0} MiB, plan {(model.MemoryBytes + optimizer.MemoryBytes) / 1048576.0:F0} MiB");
