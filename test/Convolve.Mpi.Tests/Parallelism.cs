using Xunit.Sdk;
using Xunit.v3;

// Each test starts several processes, and some wait for a rank to be silent.
[assembly: Parallelization(Mode = ParallelMode.None)]
