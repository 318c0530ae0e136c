using System.CommandLine;
using System.Globalization;
using System.Net;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Execution;
using Convolve.Inference;
using Convolve.Planning;
using Convolve.Serving.Batching;
using Convolve.Serving.Http;

namespace Convolve.Cli.Commands;

/// <summary>convolve serve RUN...</summary>
internal sealed class ServeCommand
{
    private const string KeyVariable = "CONVOLVE_API_KEY";
    private const int Mebi = 1 << 20, Mega = 1_000_000;
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(1);
    private static readonly ServerOptions Usual = new();

    private readonly Argument<string[]> _runs = new("RUN")
    {
        HelpName = "RUN",
        Description = "Run folders, or the model.safetensors in them. NAME=RUN gives a model another name than that of its folder or file.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _host = Inputs.Word("--host", "ADDRESS",
        "Listen on this IP address; 0.0.0.0 or :: for all networks of the machine. Default: 127.0.0.1, which only this machine reaches.");

    private readonly Option<int?> _port = Inputs.Integer("--port",
        $"Listen on this port; 0 for a free one. Default: {Usual.Port}.", least: 0);

    private readonly Option<int?> _maxBatch = Inputs.Integer("--max-batch",
        $"The most pictures that run through a network at once, 1 to 1024. Default: {Usual.MaxBatch}.", least: 1);

    private readonly Option<int?> _maxDelay = Inputs.Integer("--max-delay",
        "Wait up to N milliseconds for a batch to fill. Default: 0: a batch takes what is waiting.", least: 0);

    private readonly Option<int?> _queue = Inputs.Integer("--queue",
        $"The most pictures that wait for a model; more are answered with 503. Default: {Usual.Queue}.", least: 1);

    private readonly Option<TimeSpan?> _deadline = Inputs.Duration("--deadline", string.Create(CultureInfo.InvariantCulture,
        $"Answer with 503 what hasn't begun to be computed after this time. Default: {Usual.Deadline.TotalSeconds}s."));

    private readonly Option<int?> _maxBody = Inputs.Integer("--max-body",
        $"The largest request body, in MiB, 1 to 1024. Default: {Usual.MaxBody / Mebi}.", least: 1);

    private readonly Option<int?> _maxPixels = Inputs.Integer("--max-pixels",
        $"The largest picture, in megapixels, 1 to 500. Default: {Usual.MaxPixels / Mega}.", least: 1);

    private readonly Option<string?> _keyFile = Inputs.Word("--api-key-file", "FILE",
        $"Answer only requests with the API key in this file. Default: {KeyVariable}, or no key.");

    private readonly Option<bool> _watch = Inputs.Flag("--watch", "Load model files that change, without losing a request.");

    private readonly Option<bool> _exact = Inputs.Flag("--exact",
        "Compute each picture alone and without Winograd: the same bits at any load, but slower under load.");

    private readonly Option<Precision?> _precision =
        Inputs.Precision("Number format of the kernels: f32, bf16 or auto, the faster of the two. Default: f32.");

    private readonly Option<int?> _threads =
        Inputs.Integer("--threads", "Kernel threads; 0 means OMP_NUM_THREADS, or all cores. Default: 0.", least: 0);

    private readonly Option<long?> _memoryLimit = Inputs.MemoryLimit("the weights and activations of all models");

    private readonly Option<bool> _verbose = Inputs.Flag("--verbose", "Print a line on standard error for each request.");

    public static Command Create()
    {
        ServeCommand serve = new();
        Command command = new("serve", "Serve trained networks over HTTP: a page, a picture API, and the Open Inference Protocol.")
        {
            serve._runs,
        };
        foreach (Option option in (Option[])[serve._host, serve._port, serve._maxBatch, serve._maxDelay, serve._queue, serve._deadline,
            serve._maxBody, serve._maxPixels, serve._keyFile, serve._watch, serve._exact, serve._precision, serve._threads,
            serve._memoryLimit, serve._verbose])
            command.Add(option);
        command.SetAction(line => serve.RunAsync(line).GetAwaiter().GetResult());
        return command;
    }

    private async Task<int> RunAsync(ParseResult line)
    {
        ServerOptions options = ReadOptions(line);
        AnswerWhereRead();
        List<(string Name, RunArgument Run)> runs = ReadRuns(line.GetRequiredValue(_runs));
        using Interruption interruption = new("answering the requests that have come, then stopping ...");
        bool isExact = line.GetValue(_exact);
        List<ServedModel> models = [];
        long? limit = line.GetValue(_memoryLimit);
        foreach ((string name, RunArgument run) in runs)
        {
            ExecutionOptions execution = new()
            {
                Precision = line.GetValue(_precision) ?? Precision.Float32,
                Exact = isExact || (run.HasRecipe && run.ReadRecipe().Exact),
                Threads = line.GetValue(_threads) ?? 0,
            };
            int batch = isExact ? 1 : options.MaxBatch;
            limit -= RequireMemory(run, execution, batch, limit);
            ServedModel model = new(name, run.Typed, execution, new(batch, options.MaxDelay, options.Queue));
            models.Add(model);
            interruption.Token.ThrowIfCancellationRequested();
            using NetworkUse use = model.Use();
            Console.WriteLine($"{name}: {use.Network.Predictor.Model.Graph.Name}, input {use.Network.Preprocessing.Size}, " +
                $"{use.Network.OutputLength} classes, {Inputs.NameOf(use.Network.Predictor.Model.Precision)}");
        }
        await using ModelServer server = await ModelServer.StartAsync(models, options).ConfigureAwait(false);
        if (!IPAddress.IsLoopback(options.Host) && options.ApiKey is null)
            Failures.Say($"warning: whoever reaches this machine can send requests. Set {KeyVariable} or --api-key-file to require a key.");
        Console.WriteLine($"listening on {server.Address} (Ctrl+C stops)");
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = interruption.Token.Register(stopped.SetResult);
        await stopped.Task.ConfigureAwait(false);
        return Failures.Success;
    }

    // Lets the thread that hears of a request's bytes read them too, on Linux and macOS: no change of threads for a request. .NET has
    // no other switch for it, and looks at it when the first socket is made. Endpoints leaves that thread for what takes long.
    private static void AnswerWhereRead()
    {
        const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
        if (Environment.GetEnvironmentVariable(Variable) is null)
            Environment.SetEnvironmentVariable(Variable, "1");
    }

    // Of the largest batch; each model takes its part of the limit.
    private static long RequireMemory(RunArgument run, ExecutionOptions execution, int batch, long? limit)
    {
        using ModelFile file = ModelFile.Open(run.Typed);
        return MemoryCheck.Require(file.Graph, batch, "max batch",
            size => MemoryEstimate.Of([Model.PlanFor(file.Graph, execution, size, training: false)]), limit).TotalBytes;
    }

    private ServerOptions ReadOptions(ParseResult line) => Usual with
    {
        Host = Host(line.GetValue(_host)),
        Port = AtMost(line, _port, Usual.Port, IPEndPoint.MaxPort),
        MaxBatch = AtMost(line, _maxBatch, Usual.MaxBatch, 1024),
        MaxDelay = TimeSpan.FromMilliseconds(AtMost(line, _maxDelay, 0, 60_000)),
        Queue = line.GetValue(_queue) ?? Usual.Queue,
        Deadline = line.GetValue(_deadline) is { } time && time < LongestDeadline ? time
            : line.GetValue(_deadline) is null ? Usual.Deadline : LongestDeadline,
        MaxBody = AtMost(line, _maxBody, Usual.MaxBody / Mebi, 1024) * Mebi,
        MaxPixels = (long)AtMost(line, _maxPixels, (int)(Usual.MaxPixels / Mega), 500) * Mega,
        ApiKey = ReadKey(line.GetValue(_keyFile)),
        Watch = line.GetValue(_watch),
        AccessLog = line.GetValue(_verbose) ? Console.Error.WriteLine : null,
        Log = Failures.Say,
    };

    private static IPAddress Host(string? typed) => typed is null ? IPAddress.Loopback
        : typed == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(typed, out IPAddress? address) ? address
        : throw new UsageException($"--host: expected an IP address, such as 127.0.0.1, 0.0.0.0 or ::, got \"{typed}\".");

    private static int AtMost(ParseResult line, Option<int?> option, int usual, int most) =>
        line.GetValue(option) is not { } value ? usual : value <= most ? value
        : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{option.Name}: expected at most {most}, got {value}."));

    private static string? ReadKey(string? file)
    {
        string? key;
        try
        {
            key = (file is null ? Environment.GetEnvironmentVariable(KeyVariable) : File.ReadAllText(file))?.Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--api-key-file: can't read {file}: {e.Message}");
        }
        return key is { Length: 0 }
            ? throw new UsageException($"The API key in {file ?? KeyVariable} is empty. Write one into it, or leave it out.") : key;
    }

    private static List<(string Name, RunArgument Run)> ReadRuns(string[] typed)
    {
        List<(string Name, RunArgument Run)> runs = [];
        foreach (string text in typed)
        {
            int sign = Path.Exists(HomePath.Expand(text)) ? -1 : text.IndexOf('=', StringComparison.Ordinal);
            RunArgument run = new(text[(sign + 1)..]);
            string name = sign >= 0 ? text[..sign] : NameOf(run);
            if (name.Length == 0 || name.Contains('/', StringComparison.Ordinal))
                throw new UsageException($"\"{name}\" can't be the name of a model, which is a part of URLs. Write NAME=RUN without a " +
                    $"slash in NAME.");
            if (runs.Any(other => other.Name == name))
                throw new UsageException($"Two models are named {name}. Write NAME=RUN to give one another name.");
            runs.Add((name, run));
        }
        return runs;
    }

    // A model file in a run folder has the same name in each.
    private static string NameOf(RunArgument run) => Path.GetFileName(run.ModelPath) == Runs.RunFolder.ModelFile
        ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(run.Folder))) : Path.GetFileNameWithoutExtension(run.Typed);
}
