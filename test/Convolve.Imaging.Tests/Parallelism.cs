[assembly: CollectionBehavior(DisableTestParallelization = true)] // one looks at the memory of the process
