using System.Globalization;
using Convolve.Mpi;
using Convolve.Mpi.Probe;

// Started by mpirun; every line says which rank it is from.
using MpiExchange exchange = MpiExchange.Join(Say, TimeSpan.FromSeconds(4));
Rank rank = new(exchange, Say);
switch (args[0])
{
    case "sums":
        rank.AddUp(int.Parse(args[1], CultureInfo.InvariantCulture));
        break;
    case "bytes":
        rank.Exchange();
        break;
    case "trade":
        rank.Trade();
        break;
    case "parts":
        new Parts(exchange, Say).Train();
        break;
    case "null":
        rank.CatchNull();
        break;
    case "overlap":
        rank.Overlap();
        break;
    case "refusals":
        rank.Refuse();
        break;
    case "abort":
        rank.Abort(int.Parse(args[1], CultureInfo.InvariantCulture));
        break;
    case "stay":
        rank.Stay();
        break;
    case "spin":
        exchange.ExpectProgress(TimeSpan.FromSeconds(3));
        rank.Stay();
        break;
    default:
        return 2;
}
return 0;

void Say(string text)
{
    // In one piece: mpirun mixes what ranks write at the same time.
    Console.Out.Write($"{Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_RANK")}: {text}\n");
    Console.Out.Flush();
}
