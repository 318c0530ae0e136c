// One kernel team per process: tests that compute beside it would only make its threads wait for each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
