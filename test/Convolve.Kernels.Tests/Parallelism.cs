using Xunit.Sdk;
using Xunit.v3;

// One kernel team per process: tests that compute beside it would only make its threads wait for each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
