"""Writes OptimizerGolden.cs: 16 weights under PyTorch's optimizers, after 1, 5 and 20 steps with gradients that a formula gives, in float64.

Run: python3 optimizer_golden.py > OptimizerGolden.cs   (made with PyTorch 1.13)
"""
import math

import torch
from torch import optim

torch.set_default_dtype(torch.float64)


def gradient(step, i):
    return math.sin(0.7 * i + 1.3 * step) * (0.02 + 0.05 * (i % 5)) + 0.01 * (i - 8)


def smooth_loss():
    """Losses and gradients of CrossEntropyLoss with label smoothing, for 3 rows of 5 logits."""
    cases = []
    for smoothing in (0.0, 0.1, 0.45):
        logits = torch.tensor([[math.sin(1.1 * (5 * n + k)) * 3 for k in range(5)] for n in range(3)], requires_grad=True)
        labels = torch.tensor([0, 3, 4])
        losses = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
        losses.mean().backward()
        cases.append((smoothing, losses.tolist(), logits.grad.flatten().tolist()))
    return cases


CASES = [
    ("new Sgd { LearningRate = 0.1f }", lambda p: optim.SGD(p, lr=0.1)),
    ("new Sgd { LearningRate = 0.1f, Momentum = 0.9f }", lambda p: optim.SGD(p, lr=0.1, momentum=0.9)),
    ("new Sgd { LearningRate = 0.1f, Momentum = 0.8f, Nesterov = true }", lambda p: optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True)),
    ("new Sgd { LearningRate = 0.1f, WeightDecay = 0.05f, DecaysBiases = true }", lambda p: optim.SGD(p, lr=0.1, weight_decay=0.05)),
    ("new Sgd { LearningRate = 0.1f, Momentum = 0.9f, Nesterov = true, WeightDecay = 0.01f, DecaysBiases = true }",
     lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    ("new Adam { LearningRate = 0.01f }", lambda p: optim.Adam(p, lr=0.01)),
    ("new Adam { LearningRate = 0.02f, Beta1 = 0.8f, Beta2 = 0.95f, Eps = 1e-3f, WeightDecay = 0.1f, DecaysBiases = true }",
     lambda p: optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    ("new AdamW { LearningRate = 0.01f, WeightDecay = 0.2f, DecaysBiases = true }", lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.2)),
    ("new RmsProp { LearningRate = 0.01f }", lambda p: optim.RMSprop(p, lr=0.01)),
    ("new RmsProp { LearningRate = 0.005f, Alpha = 0.9f, Eps = 1e-4f, Momentum = 0.8f, WeightDecay = 0.05f, DecaysBiases = true }",
     lambda p: optim.RMSprop(p, lr=0.005, alpha=0.9, eps=1e-4, momentum=0.8, weight_decay=0.05)),
    ("new RmsProp { LearningRate = 0.01f, Alpha = 0.9f, Eps = 1e-3f, Centered = true }",
     lambda p: optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-3, centered=True)),
    ("new RmsProp { LearningRate = 0.01f, Alpha = 0.9f, Eps = 1e-3f, Momentum = 0.5f, Centered = true }",
     lambda p: optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-3, momentum=0.5, centered=True)),
]


def run(make):
    weights = torch.nn.Parameter(torch.tensor([math.cos(0.9 * i) for i in range(16)]))
    optimizer, kept = make([weights]), []
    for step in range(1, 21):
        weights.grad = torch.tensor([gradient(step, i) for i in range(16)])
        optimizer.step()
        if step in (1, 5, 20):
            kept.append(weights.tolist())
    return kept


PLATEAUS = [  # mode, factor, patience, threshold, cooldown, lowest rate, figures
    ("Accuracy", 0.1, 2, 1e-4, 0, 0, [.5, .6, .6, .6, .6, .61, .6, .6, .6, .6, .6, .6, .6, .6]),
    ("Accuracy", 0.5, 0, 0.01, 2, 0.004, [.5, .504, .6, .6, .6, .6, .6, .7, .7, .7, .7, .7, .7, .7, .7, .7, .7]),
    ("Loss", 0.3, 1, 0.05, 1, 1e-4, [2, 1.9, 1.89, 1.88, 1.5, 1.49, 1.48, 1.47, 1.46, 1.45, 1.44, 1.43, 1.42, 1.41, 1.4, 1.39]),
]


def plateau(metric, factor, patience, threshold, cooldown, lowest, figures):
    optimizer = optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule = optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max" if metric == "Accuracy" else "min", factor=factor, patience=patience,
                                                    threshold=threshold, cooldown=cooldown, min_lr=lowest)
    rates = []
    for figure in figures:
        schedule.step(figure)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def numbers(values):
    lines, line = [], ""
    for value in values:
        word = repr(float(value)) + ", "
        if len(line) + len(word) > 120:
            lines.append(line.rstrip())
            line = ""
        line += word
    return "\n                ".join(lines + [line.rstrip().rstrip(",")])


print("using Convolve.Training;\n")
print("namespace Convolve.Tests.Training;\n")
print("/// <summary>Written by optimizer_golden.py.</summary>")
print("internal static class OptimizerGolden")
print("{")
print("    /// <summary>Settings, and the weights after 1, 5 and 20 steps.</summary>")
print("    public static readonly (OptimizerSettings Settings, double[][] Weights)[] Cases =")
print("    [")
for text, make in CASES:
    print(f"        ({text},")
    print("        [")
    for weights in run(make):
        print("            [")
        print("                " + numbers(weights))
        print("            ],")
    print("        ]),")
print("    ];\n")
print("    /// <summary>Label smoothing; the loss of each of three rows of logits; the gradient of their mean.</summary>")
print("    public static readonly (float Smoothing, double[] Losses, double[] Gradient)[] Smoothed =")
print("    [")
for smoothing, losses, gradients in smooth_loss():
    print(f"        ({smoothing}f, [{numbers(losses)}],")
    print("            [")
    print("                " + numbers(gradients))
    print("            ]),")
print("    ];\n")
print("    /// <summary>What a plateau watches, its numbers, the figures of each epoch, and the rate after each from 0.1 on.</summary>")
print("    public static readonly (WatchedMetric Metric, double Factor, int Patience, double Threshold, int Cooldown, double Lowest, double[] Figures, double[] Rates)[] Plateaus =")
print("    [")
for case in PLATEAUS:
    metric, factor, patience, threshold, cooldown, lowest, figures = case
    print(f"        (WatchedMetric.{metric}, {factor}, {patience}, {threshold}, {cooldown}, {lowest}, [{', '.join(map(str, figures))}],")
    print("            [")
    print("                " + numbers(plateau(*case)))
    print("            ]),")
print("    ];")
print("}")
