using Convolve;
using Convolve.Cli;

Interruption.Listen(); // first: a signal from here on ends with the exit code of an interruption
ProgramName.Current = StartedAs.Find();
return StandardStreams.Guard(() => CommandLine.Run(args));
