namespace Convolve.Mpi;

/// <summary>MPI is missing, or a call of it failed; the message names the rank and the operation.</summary>
internal class MpiException(string message, Exception? inner = null) : ConvolveException(message, inner);
