namespace Convolve.Mpi;

/// <summary>Ranks were lost. The others are connected again after <see cref="MpiExchange.Renew"/>.</summary>
internal sealed class RankLostException() : MpiException("A rank was lost.");
