using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Onnx;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Bench.Serving;

/// <summary>`convolve serve` beside an ASP.NET minimal API over ONNX Runtime, with the same requests.</summary>
internal sealed class ServingComparison : IDisposable
{
    private static readonly int[] Connections = [1, 32];
    private readonly int _rounds, _seconds;
    private readonly string[] _networks;
    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-bench-").FullName;

    private ServingComparison(Arguments arguments)
    {
        _rounds = arguments.Count("--rounds", 5);
        _seconds = arguments.Count("--seconds", 5);
        _networks = (arguments.Text("--only") ?? "lenet5,alexnet-d2l").Split(',');
        arguments.End();
    }

    public static int Run(Arguments arguments)
    {
        using ServingComparison comparison = new(arguments);
        Console.WriteLine("| network | connections | convolve serve, requests/s | ONNX Runtime | its threads | ratio | of the rounds |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (string network in comparison._networks)
            comparison.Compare(network);
        return 0;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Every side is measured in each round, and every other round runs in reverse order.
    private void Compare(string network)
    {
        string model = Path.Combine(_folder, $"{network}.safetensors"), onnx = Path.Combine(_folder, $"{network}.onnx");
        int length = Save(network, model);
        OnnxExport.Write(model, onnx);
        byte[] request = Request(network, length);
        int all = Environment.ProcessorCount;
        List<(string Name, string Program, string[] Words)> sides =
        [
            ("convolve", Path.Combine(Comparison.FindRoot(), "convolve"), ["serve", model, "--port", "0"]),
            ("ort", Environment.ProcessPath!, [.. Self, "serve-ort", onnx, "--threads", "1"]),
        ];
        if (all > 1)
            sides.Add(("ort-all", Environment.ProcessPath!,
                [.. Self, "serve-ort", onnx, "--threads", all.ToString(CultureInfo.InvariantCulture)]));
        Dictionary<(string, int), List<double>> rates = [];
        Dictionary<string, float[]> answers = [];
        for (int round = 0; round < _rounds; round++)
            foreach (var (name, program, words) in round % 2 == 0 ? sides : sides.AsEnumerable().Reverse())
            {
                using RunningServer server = new(program, words);
                answers[name] = Values(LoadGenerator.Ask(server.Address, request));
                foreach (int connections in Connections)
                {
                    double rate = LoadGenerator.Run(server.Address, request, connections, _seconds);
                    (rates.TryGetValue((name, connections), out List<double>? list) ? list : rates[(name, connections)] = []).Add(rate);
                    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"round {round + 1}: {network}, {connections} connections, {name}: {rate:F0} requests/s"));
                }
            }
        foreach (string name in answers.Keys)
            if (answers[name].Zip(answers["convolve"]).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-4))
                throw new MeasurementException($"{name} and convolve give different probabilities for {network}");
        foreach (int connections in Connections)
        {
            string best = sides.Skip(1).MaxBy(side => Statistics.Median(rates[(side.Name, connections)])).Name;
            List<double> own = rates[("convolve", connections)], other = rates[(best, connections)];
            double ratio = Statistics.Median(own) / Statistics.Median(other);
            IEnumerable<double> ratios = own.Zip(other, (a, b) => a / b);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {network} | {connections} | {Statistics.Median(own):F0} | {Statistics.Median(other):F0} | " +
                $"{(best == "ort" ? 1 : all)} | {ratio:F2} | {ratios.Min():F2} to {ratios.Max():F2} |"));
        }
    }

    // This program again: where dotnet runs it, its file comes first.
    private static string[] Self => Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
        ? [Environment.GetCommandLineArgs()[0]] : [];

    /// <summary>Writes a network of the zoo with its first weights as a model file.</summary>
    /// <returns>The elements of its input.</returns>
    internal static int Save(string network, string file)
    {
        Graph graph = NetworkCatalog.Create(network);
        int channels = graph.Input.Channels;
        using Model model = new(graph, new() { Precision = Precision.Float32 }, seed: 1);
        using Classifier classifier = new(model, new()
        {
            Size = new(channels, graph.Input.Height, graph.Input.Width),
            Mean = [.. Enumerable.Repeat(0.5f, channels)],
            Std = [.. Enumerable.Repeat(0.25f, channels)],
            ClassNames = [.. Enumerable.Range(0, graph.Output.Channels).Select(i => $"class {i}")],
            ColorOrder = channels == 1 ? "grey" : "rgb",
        });
        classifier.Save(file);
        return (int)graph.Input.Elements;
    }

    private static byte[] Request(string network, int length)
    {
        float[] pixels = [.. Enumerable.Range(0, length).Select(i => (i * 7919 % 255 - 127) / 64f)];
        byte[] body = MemoryMarshal.AsBytes(pixels.AsSpan()).ToArray();
        return [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"POST /v2/models/{network}/infer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n" +
            $"Content-Length: {body.Length}\r\n\r\n")), .. body];
    }

    // A body in chunks has their lengths around the object.
    private static float[] Values(string body) =>
        [.. JsonNode.Parse(body[body.IndexOf('{', StringComparison.Ordinal)..(body.LastIndexOf('}') + 1)])!["outputs"]![0]!["data"]!
            .AsArray().Select(v => (float)v!)];

    /// <summary>A server as a process; it ends with its standard input, or by a signal.</summary>
    private sealed class RunningServer : IDisposable
    {
        private readonly Process _process;

        public RunningServer(string program, string[] words)
        {
            _process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            while (_process.StandardOutput.ReadLine() is { } line)
                if (line.IndexOf("http://", StringComparison.Ordinal) is >= 0 and var at)
                {
                    Address = IPEndPoint.Parse(line[(at + "http://".Length)..].Split(' ')[0].TrimEnd('/'));
                    return;
                }
            throw new MeasurementException($"{program} {string.Join(' ', words)} doesn't listen");
        }

        public IPEndPoint Address { get; }

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
