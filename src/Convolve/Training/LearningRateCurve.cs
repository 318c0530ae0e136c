namespace Convolve.Training;

/// <summary>From where to where a learning rate rises, and in how many steps.</summary>
public sealed record LearningRateSweep
{
    /// <summary>The first rate, above 0.</summary>
    public double From { get; init; } = 1e-6;

    /// <summary>The last rate, above the first.</summary>
    public double To { get; init; } = 10;

    /// <summary>Steps, each with the same ratio to the one before; at least 10.</summary>
    public int Steps { get; init; } = 120;

    internal void Validate()
    {
        if (!(From > 0) || !(To > From) || !double.IsFinite(To))
            throw new RecipeException(FormattableString.Invariant($"The learning rate was to rise from {From} to {To}, and must rise from above 0, such as from 1e-6 to 10."));
        if (Steps < 10)
            throw new RecipeException($"The learning rate was to rise in {Steps} steps, and must in at least 10.");
    }
}

/// <summary>How the training loss took a rising learning rate, and what that suggests.</summary>
/// <param name="Rates">Of each step; the sweep ends early where the loss has left its lowest value far behind.</param>
/// <param name="Losses">Of each batch, the mean over its images.</param>
/// <param name="Smoothed">The losses as a running mean without their start at 0.</param>
public sealed record LearningRateCurve(IReadOnlyList<double> Rates, IReadOnlyList<double> Losses, IReadOnlyList<double> Smoothed)
{
    /// <summary>Whether the loss was left far behind, or was no number any more: only then the rates reached to where it is too fast.</summary>
    public bool Diverged { get; init; }

    /// <summary>The rate at which the loss fell fastest against the rate's logarithm; null where it never fell.</summary>
    /// <remarks>Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3.3.</remarks>
    public double? Steepest
    {
        get
        {
            int best = -1;
            double fall = 0;
            for (int i = 1; i + 1 < Smoothed.Count; i++)
                if (Smoothed[i + 1] - Smoothed[i - 1] < fall)
                    (best, fall) = (i, Smoothed[i + 1] - Smoothed[i - 1]);
            return best < 0 ? null : Rates[best];
        }
    }

    /// <summary>The rate in the middle of the longest way down, where it goes on evenly: the one to try first as highest rate; null where the loss never fell.</summary>
    /// <remarks>Source: fastai's "valley" rule: half way along the longest falling subsequence of the losses.</remarks>
    public double? Valley
    {
        get
        {
            int[] lengths = new int[Smoothed.Count], before = new int[Smoothed.Count];
            int end = -1;
            for (int i = 0; i < Smoothed.Count; i++)
            {
                (lengths[i], before[i]) = (1, -1);
                for (int j = 0; j < i; j++)
                    if (Smoothed[i] < Smoothed[j] && lengths[j] + 1 > lengths[i])
                        (lengths[i], before[i]) = (lengths[j] + 1, j);
                if (end < 0 || lengths[i] > lengths[end])
                    end = i;
            }
            if (end < 0 || lengths[end] < 2)
                return null;
            int start = end;
            while (before[start] >= 0)
                start = before[start];
            return Rates[(start + end) / 2];
        }
    }
}
