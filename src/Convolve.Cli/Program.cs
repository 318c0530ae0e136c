using Convolve;
using Convolve.Cli.Commands;
using Convolve.Cli.Ranks;
using Convolve.Cli.Terminal;

RankProcess.Prepare(args);
Interruption.Listen(); // first: a signal from here on ends with the exit code of an interruption
StandardStreams.UseUnicode();
ProgramName.Current = StartedAs.Find();
ProgramName.FetchCommand = (name, folder) =>
    $"{ProgramName.Current} data fetch {name}{(folder is null ? "" : $" --data-dir {Format.Quoted(folder)}")}";
return StandardStreams.Guard(() => CommandLine.Run(args));
