using System.CommandLine;
using Convolve.Cli.Terminal;
using Convolve.Training.Optimizers;

namespace Convolve.Cli.Options;

/// <summary>The options of 'convolve train' for how gradients change weights: the rule, its numbers, the rate and what it is meant
/// for.</summary>
internal sealed class OptimizerOptions
{
    private readonly Option<double?> _learningRate =
        Inputs.Number("--lr", "Peak learning rate, above 0; the schedule scales it. Default: " +
            $"{TrainOptions.Default(r => Format.Number(r.Optimizer.LearningRate))}; 10 with lars, whose layers scale it.");

    private readonly Option<OrNone<int>?> _baseBatchSize = Inputs.IntegerOrNone("--base-batch-size",
        "The learning rate is meant for batches of N images, at least 1: multiply it by --batch-size / N (linear scaling, Goyal et al. " +
        "2017). Where that raises it, --warmup-epochs lead from the rate as given to the scaled one. Default: none.", least: 1);

    private readonly Option<double?> _momentum =
        Inputs.Number("--momentum",
            $"With sgd, lars and rmsprop: the momentum, in [0, 1). Default: " +
            $"{TrainOptions.Default(r => r.Optimizer is Sgd sgd ? Format.Number(sgd.Momentum) : "0")}; 0 with rmsprop.");

    private readonly Option<bool?> _nesterov = TrainOptions.Switch("--nesterov",
        $"With sgd: use Nesterov momentum. Default: " +
        $"{TrainOptions.Default(r => r.Optimizer is Sgd { Nesterov: true } ? "true" : "false")}.");

    private readonly Option<double?> _weightDecay =
        Inputs.Number("--weight-decay",
            $"Factor of the L2 penalty (with adamw, of the decoupled weight decay), at least 0. Default: " +
            $"{TrainOptions.Default(r => Format.Number(r.Optimizer.WeightDecay))}.");

    private readonly Option<bool?> _decaysBiases =
        TrainOptions.Switch("--decay-biases", "Apply weight decay to biases too. Default: false.");

    private readonly Option<UpdateRule?> _optimizer =
        Inputs.OneOf("--optimizer", "Optimizer, defined as in PyTorch; lars, for large batches, as in its paper (You et al. 2017). " +
            $"Default: {TrainOptions.Default(r => NameOf(r.Optimizer))}.", Rules);

    private readonly Option<double?> _trustCoefficient = Inputs.Number("--trust-coefficient",
        "With lars: factor of each layer's own rate, above 0. Default: 0.001.");

    private readonly Option<double?> _beta1 =
        Inputs.Number("--beta1", "With adam and adamw: decay of the running mean of the gradient, in [0, 1). Default: 0.9.");

    private readonly Option<double?> _beta2 = Inputs.Number("--beta2",
        "With adam and adamw: decay of the running mean of the squared gradient, in [0, 1). Default: 0.999.");

    private readonly Option<double?> _alpha =
        Inputs.Number("--alpha", "With rmsprop: decay of the running mean of the squared gradient, in [0, 1). Default: 0.99.");

    private readonly Option<double?> _eps = Inputs.Number("--eps",
        "With adam, adamw, rmsprop and lars: added to the denominator for numerical stability, above 0. Default: 1e-8.");

    private readonly Option<bool?> _centered = TrainOptions.Switch("--centered",
        "With rmsprop: divide by the gradient's standard deviation instead of its root mean square. Default: false.");

    private enum UpdateRule
    {
        Sgd,
        Lars,
        Adam,
        AdamW,
        RmsProp,
    }

    private static (string, UpdateRule)[] Rules =>
        [("sgd", UpdateRule.Sgd), ("lars", UpdateRule.Lars), ("adam", UpdateRule.Adam), ("adamw", UpdateRule.AdamW),
            ("rmsprop", UpdateRule.RmsProp)];

    private static UpdateRule RuleOf(OptimizerSettings settings) => settings switch
    {
        Lars => UpdateRule.Lars,
        Adam => UpdateRule.Adam,
        AdamW => UpdateRule.AdamW,
        RmsProp => UpdateRule.RmsProp,
        _ => UpdateRule.Sgd,
    };

    /// <summary>The name of a rule as typed.</summary>
    public static string NameOf(OptimizerSettings settings) => Rules.First(r => r.Item2 == RuleOf(settings)).Item1;

    /// <summary>Where the highest learning rate is said.</summary>
    public Option LearningRate => _learningRate;

    /// <summary>The batch size that it is meant for.</summary>
    public Option BaseBatchSize => _baseBatchSize;

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_learningRate, _baseBatchSize, _momentum, _nesterov, _weightDecay, _decaysBiases, _optimizer,
            _trustCoefficient, _beta1, _beta2, _alpha, _eps, _centered])
            command.Add(option);
    }

    /// <summary>The batch size that the learning rate is meant for; null for a rate that is used as it is.</summary>
    public int? ReadBaseBatchSize(ParseResult line, int? usual) => line.GetValue(_baseBatchSize).Or(usual);

    /// <summary>The rule. What the usual recipe says counts only where it speaks of the same rule.</summary>
    /// <exception cref="UsageException">An option has no meaning with the rule.</exception>
    public OptimizerSettings Read(ParseResult line, OptimizerSettings usual)
    {
        UpdateRule rule = line.GetValue(_optimizer) ?? RuleOf(usual);
        RequireMeaning(line, rule);
        float? Of(Option<double?> option) => (float?)line.GetValue(option);
        OptimizerSettings settings = rule switch
        {
            UpdateRule.Lars => With(usual as Lars ?? new(), l => l with
            {
                Momentum = Of(_momentum) ?? l.Momentum,
                TrustCoefficient = Of(_trustCoefficient) ?? l.TrustCoefficient,
                Eps = Of(_eps) ?? l.Eps,
            }),
            UpdateRule.Adam => With(usual as Adam ?? new(),
                a => a with { Beta1 = Of(_beta1) ?? a.Beta1, Beta2 = Of(_beta2) ?? a.Beta2, Eps = Of(_eps) ?? a.Eps }),
            UpdateRule.AdamW => With(usual as AdamW ?? new(),
            a => a with { Beta1 = Of(_beta1) ?? a.Beta1, Beta2 = Of(_beta2) ?? a.Beta2, Eps = Of(_eps) ?? a.Eps }),
            UpdateRule.RmsProp => With(usual as RmsProp ?? new(), r => r with
            {
                Alpha = Of(_alpha) ?? r.Alpha,
                Eps = Of(_eps) ?? r.Eps,
                Momentum = Of(_momentum) ?? r.Momentum,
                Centered = line.GetValue(_centered) ?? r.Centered,
            }),
            _ => With(usual as Sgd ?? new(), s => s with
            {
                Momentum = Of(_momentum) ?? s.Momentum,
                Nesterov = line.GetValue(_nesterov) ?? (s.Nesterov && (Of(_momentum) ?? s.Momentum) != 0),
            }),
        };
        return settings with
        {
            LearningRate = Of(_learningRate) ?? settings.LearningRate,
            WeightDecay = Of(_weightDecay) ?? settings.WeightDecay,
            DecaysBiases = line.GetValue(_decaysBiases) ?? settings.DecaysBiases,
        };

        static OptimizerSettings With<T>(T settings, Func<T, T> change) where T : OptimizerSettings => change(settings);
    }

    // An option that nothing would look at is a mistake.
    private void RequireMeaning(ParseResult line, UpdateRule rule)
    {
        (Option Option, UpdateRule[] Rules)[] meant =
        [
            (_momentum, [UpdateRule.Sgd, UpdateRule.Lars, UpdateRule.RmsProp]), (_nesterov, [UpdateRule.Sgd]),
            (_trustCoefficient, [UpdateRule.Lars]), (_beta1, [UpdateRule.Adam, UpdateRule.AdamW]),
            (_beta2, [UpdateRule.Adam, UpdateRule.AdamW]), (_alpha, [UpdateRule.RmsProp]),
            (_eps, [UpdateRule.Lars, UpdateRule.Adam, UpdateRule.AdamW, UpdateRule.RmsProp]),
            (_centered, [UpdateRule.RmsProp]),
        ];
        string Name(UpdateRule r) => Rules.First(p => p.Item2 == r).Item1;
        foreach ((Option option, UpdateRule[] rules) in meant)
            if (line.GetResult(option) is not null && !rules.Contains(rule))
                throw new UsageException(
                    $"{option.Name} only applies to --optimizer {string.Join(" or ", rules.Select(Name))}, but the optimizer is " +
                    $"{Name(rule)}.");
    }
}
