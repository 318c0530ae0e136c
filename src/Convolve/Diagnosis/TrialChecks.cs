using static Convolve.Diagnosis.Finding;

namespace Convolve.Diagnosis;

/// <summary>A change, and the trial with it.</summary>
/// <param name="Variant">The change.</param>
/// <param name="Figures">What it came to.</param>
internal readonly record struct Remedied(Variant Variant, TrialFigures Figures);

/// <summary>What trials show: one function for each check, of what was measured.</summary>
internal static class TrialChecks
{
    // Where a network learns, a change must make it so much better: the skill without it is less than this share.
    private const double MostShare = 0.5, MostShareOfRegularized = 0.45, MostShareOfShown = 0.8, LeastSkill = 0.2, SameSkill = 0.7;

    // Of a step's update by the length of the weights: above and below, a rate isn't too low or too high.
    private const double LowUpdate = 3e-3, TinyUpdate = 2e-4, HugeUpdate = 0.1;
    private const double ManyDead = 0.5, NearlyAllDead = 0.9, ManySaturated = 0.4;
    private const double LargeLogits = 12, HugeLogits = 100, LossOfLogits = 1 / 3.0, Vanished = 0.02;

    // Where a setting is far from usual, it also explains errors of which a change leaves less than this share, and takes this much skill.
    private const double MostErrors = 0.4, LeastGain = 0.05;

    // Of wrong labels: even the surest predictions are wrong, the surer ones no less often, and the network has learned what it can.
    private const double LeastSure = 0.92, SureSlope = 0.06, LearnedOfSure = 0.6;
    // Right now and then, with a loss that says it is surely wrong else.
    private const double AwfulLoss = 1.5, FairLoss = 0.8;
    private const double NeighborSlack = 0.08;
    private const int FewestHeld = 300, FewestCompared = 300;

    // Neighbors that labels in random order would part: of fewer, their agreement says nothing.
    private const int FewestParted = 100;

    /// <summary>The change that explains a trial, as a finding; null where none does.</summary>
    /// <param name="trial">Of network and recipe as they are.</param>
    /// <param name="longer">The same in four times as many steps, where it hadn't learned in as many as the changes had.</param>
    /// <param name="tried">The changes, the more unusual setting first.</param>
    public static Finding? Explanation(TrialFigures trial, TrialFigures? longer, IReadOnlyList<Remedied> tried)
    {
        Remedied[] helping = [.. tried.Where(t => IsPlausible(t.Variant, trial) && Helps(trial, longer, t))];
        if (helping.Length == 0)
            return tried.FirstOrDefault(t => t.Variant is { Fault: Fault.RateTooHigh, IsUnusual: true } && trial.DivergedAt is not null
                && t.Figures.DivergedAt is null) is { Variant: not null } slower ? Of(slower, trial) : null;
        double best = helping.Max(t => t.Figures.Skill);
        Remedied[] good = [.. helping.Where(t => t.Figures.Skill >= SameSkill * best).OrderByDescending(t => IsRoot(t.Variant.Fault))
            .ThenByDescending(t => t.Variant.IsUnusual)];
        return Of(good[0], trial);
    }

    /// <summary>Labels that have nothing to do with the pictures.</summary>
    public static Finding? ShuffledLabels(TrialFigures trial, DataFigures data)
    {
        if (trial.DivergedAt is not null || data.NeighborCount < FewestCompared
            || data.NeighborCount * (1 - data.NeighborChance) < FewestParted || data.NeighborScore > DataChecks.AtChance
            || trial.Held is not { } held || held.Skill > 0.1)
            return null;
        return new(Fault.ShuffledLabels, "the labels have nothing to do with the pictures: they are in another order, or random",
            Text($"of {data.NeighborCount} training pictures, {Format.Percent(data.NeighborAgreement)} have the label of the most ") +
            Text($"similar one, {Format.Percent(data.NeighborChance)} by chance; validation accuracy {held.Accuracy:F3}, ") +
            Text($"{held.Majority:F3} by guessing"),
            "check how labels and pictures were put together (data preview shows both)", "pictures whose neighbors have their label")
        { IsGrave = true };
    }

    /// <summary>A share of wrong labels.</summary>
    public static Finding? WrongLabels(SplitFigures? held, DataFigures data)
    {
        if (held is null || held.Count < FewestHeld || double.IsNaN(held.SurestTenth) || held.SurestTenth > LeastSure
            || held.SurestTenth - held.NextFifth > SureSlope || held.Accuracy < LearnedOfSure * held.SurestTenth || held.Skill < LeastSkill
            || held.Loss > data.Entropy)
            return null;
        double sure = (held.SurestTenth + 2 * held.NextFifth) / 3;
        // Where each label is right with this probability, two neighbors of one class agree with its square.
        if (data.NeighborAgreement > sure * sure + NeighborSlack)
            return null;
        return new(Fault.WrongLabels, Text($"about {Math.Round(20 * (1 - sure)) * 5} % of the labels seem to be wrong"),
            Text($"of the validation pictures that the network is surest of, {Format.Percent(held.SurestTenth)} have the label that it ") +
            Text($"predicts in the surest tenth, and {Format.Percent(held.NextFifth)} in the next fifth; above ") +
            Text($"{Format.Percent(LeastSure)}, or rising with sureness, expected. Nearest neighbors agree in ") +
            Text($"{Format.Percent(data.NeighborAgreement)}"),
            "convolve similar RUN lists suspects; mend their labels", "a higher accuracy");
    }

    /// <summary>
    /// Logits that are far too large before the first step, with no other cause; where the network learns in spite of them, far larger.
    /// </summary>
    public static Finding? ExplodingActivations(TrialFigures trial) => trial.Learns ? HugeFirstLogits(trial)
        : LogitsAbove(LargeLogits, trial);

    /// <summary>Logits that are so large before the first step that nothing else needs to be known.</summary>
    public static Finding? HugeFirstLogits(TrialFigures trial) => LogitsAbove(HugeLogits, trial);

    /// <summary>Whether a cause is that weights start too small: with patience, such a network may begin to learn yet.</summary>
    public static bool IsSlowStart(Finding? cause, TrialFigures trial) => cause?.Fault == Fault.WeightScale && trial.FirstLogits < 1;

    // The logits are those of evaluation, in which running averages haven't begun to follow: the loss in training has to show it too.
    private static Finding? LogitsAbove(double most, TrialFigures trial) => !(trial.FirstLogits > most)
        || trial.FirstLoss < LossOfLogits * most ? null
        : new(Fault.ExplodingActivations, "activations grow from layer to layer, so that the first logits are far too large",
            Text($"logits have a standard deviation of {Digits(trial.FirstLogits)} before the first step, and the loss is ") +
            Text($"{Digits(trial.FirstLoss)} ({Digits(trial.Entropy)} by guessing); below {LargeLogits} expected; {trial.Words}"),
            "BatchNorm2d() behind the convolutions, fewer layers, or a smaller @init", "logits near 0 at first")
        { IsGrave = true };

    /// <summary>Units that are 0 for every picture, with no other cause.</summary>
    public static Finding? DeadUnits(TrialFigures trial)
    {
        LayerFigures? dead = trial.Layers.Where(l => l.DeadAtLast >= NearlyAllDead).MaxBy(l => l.DeadAtLast);
        return dead is null || trial.Learns ? null : new(Fault.DeadUnits,
            $"dead units: {dead.Layer} is 0 for every picture in {Format.Percent(dead.DeadAtLast)} of its units",
            Text($"{Format.Percent(dead.DeadAtFirst)} at first, {Format.Percent(dead.DeadAtLast)} after {trial.Steps} steps; below ") +
            $"{Format.Percent(ManyDead)} expected",
            "a lower @lr, @clip-norm 1, or LeakyReLU() in the network", "units that react to pictures")
        { IsGrave = true };
    }

    private static bool Helps(TrialFigures trial, TrialFigures? longer, Remedied tried)
    {
        TrialFigures with = tried.Figures;
        if (!trial.Learns && longer is not { Learns: true })
            return with.Learns && with.Skill > 2 * trial.Skill && with.Skill > LeastSkill / 2;
        // A slow start is no fault: what it comes to counts.
        if (longer is not null)
            trial = longer with { Gradients = trial.Gradients };
        if (tried.Variant.IsUnusual && trial.Fit?.Loss > AwfulLoss * trial.Entropy && with.Fit?.Loss < FairLoss * trial.Entropy
            && with.Skill > trial.Skill)
            return true;
        double share = tried.Variant.Fault is Fault.AugmentationTooStrong or Fault.DropoutTooHigh or Fault.WeightDecayTooHigh
            or Fault.SmoothingTooHigh or Fault.LayerRateTooLow ? MostShareOfRegularized
            : IsShown(tried.Variant.Fault, trial) ? MostShareOfShown : MostShare;
        return tried.Variant.IsUnusual && with.Skill >= LeastSkill
            && (trial.Skill < share * with.Skill || (IsFarFromUsual(tried.Variant) && 1 - with.Skill < MostErrors * (1 - trial.Skill)
            && with.Skill - trial.Skill > LeastGain));
    }

    // Settings that nobody chooses on purpose, so that less of an improvement tells.
    private static bool IsFarFromUsual(Variant variant) => variant.Fault is Fault.RateTooHigh or Fault.ClassWeightsTooUneven;

    // Where the first step shows what is wrong, less of an improvement proves it.
    private static bool IsShown(Fault fault, TrialFigures trial) => fault switch
    {
        Fault.RateTooHigh => LargestUpdate(trial) > HugeUpdate,
        Fault.RateTooLow or Fault.EpsilonTooLarge or Fault.ClippedTooShort => LargestUpdate(trial) < TinyUpdate,
        Fault.WeightScale or Fault.BiasStart => trial.FirstLogits > LargeLogits
            || trial.Layers.Any(l => l.SaturatedAtFirst > ManySaturated || l.DeadAtFirst > ManyDead),
        _ => false,
    };

    /// <summary>Whether what was measured shows the symptom of what a change is for, where it has one.</summary>
    public static bool IsPlausible(Variant variant, TrialFigures trial) => variant.Fault switch
    {
        Fault.RateTooLow => trial.DivergedAt is null && LargestUpdate(trial) < LowUpdate,
        Fault.ExplodingActivations => trial.FirstLogits > LargeLogits,
        Fault.VanishingGradient => FirstToLast(trial) < Vanished,
        _ => true,
    };

    /// <summary>Whether it is a fault of a network that another rate might hide.</summary>
    public static bool IsRoot(Fault fault) => fault is Fault.ExplodingActivations or Fault.VanishingGradient;

    private static double LargestUpdate(TrialFigures trial) =>
        trial.Gradients.Select(g => g.Update).Where(double.IsFinite).DefaultIfEmpty(0).Max();

    private static double FirstToLast(TrialFigures trial) =>
        trial.Gradients is [var first, .., var last] && last.Gradient > 0 ? first.Gradient / last.Gradient : 1;

    private static Finding Of(Remedied tried, TrialFigures trial)
    {
        (Variant variant, TrialFigures with) = (tried.Variant, tried.Figures);
        LayerFigures? saturated = trial.Layers.MaxBy(l => l.SaturatedAtFirst), dead = trial.Layers.MaxBy(l => l.DeadAtFirst);
        Fault fault = variant.Fault switch
        {
            Fault.WeightScale when saturated?.SaturatedAtFirst > ManySaturated => Fault.SaturatedActivations,
            _ => variant.Fault,
        };
        string update = Text($"a step changes the weights by up to {Digits(LargestUpdate(trial))} of their length");
        (string cause, string symptom) = fault switch
        {
            Fault.RateTooHigh => ($"the learning rate is too high: {variant.Setting}", $"{update}; 0.001 to 0.03 is usual"),
            Fault.RateTooLow => ($"the learning rate is too low: {variant.Setting}", $"{update}; 0.001 to 0.03 is usual"),
            Fault.MomentumTooHigh => ($"too much momentum: {variant.Setting}", update),
            Fault.EpsilonTooLarge => ($"the optimizer's eps swallows its steps: {variant.Setting}", update),
            Fault.ClippedTooShort => ($"gradients are clipped too short: {variant.Setting}", update),
            Fault.LayerRateTooLow => ($"layers are kept from learning: {variant.Setting}", update),
            Fault.WeightDecayTooHigh => ($"weight decay is too strong: {variant.Setting}", update),
            Fault.DropoutTooHigh => ($"too much dropout: {variant.Setting}",
                Text($"accuracy in training {trial.LastAccuracy:F3} with it, {with.LastAccuracy:F3} without")),
            Fault.AugmentationTooStrong => ($"the augmentation is too strong, or destroys what the classes differ in: {variant.Setting}",
                Text($"loss in training {Digits(trial.LastLoss)} with it, {Digits(with.LastLoss)} without")),
            Fault.ClassWeightsTooUneven => ($"the class weights let one class win: {variant.Setting}",
                $"{Format.Percent((trial.Held ?? trial.Fit)?.MostPredicted ?? 1)} of the pictures are predicted to be " +
                $"{(trial.Held ?? trial.Fit)?.MostPredictedClass}"),
            Fault.SmoothingTooHigh => ($"too much label smoothing: {variant.Setting}", ""),
            Fault.InputScale => ("the input isn't normalized", variant.Setting),
            Fault.BiasStart => ($"biases start too far from 0: {variant.Setting}", dead?.DeadAtFirst > ManyDead
                ? $"{dead.Layer} is 0 for every picture in {Format.Percent(dead.DeadAtFirst)} of its units before the first step; below " +
                $"{Format.Percent(ManyDead)} expected" : saturated?.SaturatedAtFirst > ManySaturated
                ? $"{Format.Percent(saturated.SaturatedAtFirst)} of the values of {saturated.Layer} are saturated before the first step"
                : Text($"loss {Digits(trial.FirstLoss)} at the first step, {Digits(trial.Entropy)} by guessing")),
            Fault.SaturatedActivations => ($"{saturated!.Layer} saturates from the start: {variant.Setting}",
                $"{Format.Percent(saturated.SaturatedAtFirst)} of its values are within 0.01 of their limits before the first step; " +
                $"below {Format.Percent(ManySaturated)} expected"),
            Fault.WeightScale => ($"weights start too {(trial.FirstLogits > 3 || trial.DivergedAt is not null ? "large" : "small")}: " +
                $"{variant.Setting}", Text($"logits have a standard deviation of {Digits(trial.FirstLogits)} before the first step, ") +
                Text($"and the loss is {Digits(trial.FirstLoss)} ({Digits(trial.Entropy)} by guessing)")),
            Fault.ExplodingActivations => ("activations grow from block to block: sums without normalization",
                Text($"logits have a standard deviation of {Digits(trial.FirstLogits)} before the first step; below {LargeLogits} ") +
                "expected"),
            Fault.VanishingGradient => ($"the gradient vanishes on its way back through {variant.Setting}",
                Text($"the gradient of {trial.Gradients[0].Parameter} is {Digits(FirstToLast(trial))} of that of ") +
                Text($"{trial.Gradients[^1].Parameter} at the first step; at least {Vanished} expected")),
            _ => (variant.Setting, ""),
        };
        string evidence = $"{(symptom.Length > 0 ? $"{symptom}; " : "")}{trial.Words}, {with.Words} with the change";
        return new(fault, cause, evidence, variant.Try,
            $"{with.Words}, as in the trial")
        { IsGrave = true };
    }
}
