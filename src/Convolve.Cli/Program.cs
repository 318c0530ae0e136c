return Convolve.Cli.CommandLine.Run(args);
