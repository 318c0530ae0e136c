namespace Convolve.Training.Batches;

/// <summary>Why a process wants to end the run after the current step.</summary>
[Flags]
internal enum StopWish : byte
{
    /// <summary>It goes on.</summary>
    None = 0,

    /// <summary>It was canceled.</summary>
    Canceled = 1,

    /// <summary>The time is up.</summary>
    Late = 2,
}
