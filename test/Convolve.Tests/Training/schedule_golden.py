"""Writes ScheduleGolden.cs: the learning rates of PyTorch's schedulers, step by step, for a highest rate of 1.

Run: python3 schedule_golden.py > ScheduleGolden.cs   (made with PyTorch 1.13)
"""
import torch
from torch.optim import lr_scheduler as torch_schedules


def rates(make, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    scheduler, values = make(optimizer), []
    for step in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step + 1 < steps:
            scheduler.step()
    return values


def repeat(values, times):
    """What a scheduler that is stepped once an epoch gives each step."""
    return [value for value in values for _ in range(times)]


def warm(values, steps):
    """A linear rise over the first steps, the first of which is not at 0."""
    return [min(1, (step + 1) / steps) * value for step, value in enumerate(values)]


def step_rate(epochs, cut, factor):
    return rates(lambda o: torch_schedules.StepLR(o, cut, factor), epochs)


def multi_step(epochs, milestones, factor):
    return rates(lambda o: torch_schedules.MultiStepLR(o, milestones, factor), epochs)


def exponential(epochs, factor):
    return rates(lambda o: torch_schedules.ExponentialLR(o, factor), epochs)


def cosine(steps):
    return rates(lambda o: torch_schedules.CosineAnnealingLR(o, steps), steps)


def one_cycle(steps):
    return rates(lambda o: torch_schedules.OneCycleLR(o, 1.0, total_steps=steps), steps)


CASES = [  # kind, warm-up epochs, epochs between cuts, factor of a cut, steps of an epoch, epochs, rates
    ("Constant", 0, 10, 0.1, 3, 2, [1.0] * 6),
    ("Step", 0, 2, 0.1, 5, 6, repeat(step_rate(6, 2, 0.1), 5)),
    ("Step", 0, 3, 0.5, 4, 7, repeat(step_rate(7, 3, 0.5), 4)),
    ("MultiStep", 0, 10, 0.2, 3, 8, repeat(multi_step(8, [2, 3, 6], 0.2), 3)),
    ("Exponential", 0, 10, 0.9, 4, 6, repeat(exponential(6, 0.9), 4)),
    ("Cosine", 0, 10, 0.1, 5, 4, cosine(20)),
    ("Cosine", 0, 10, 0.1, 1, 3, cosine(3)),
    ("OneCycle", 0, 10, 0.1, 10, 3, one_cycle(30)),
    ("OneCycle", 0, 10, 0.1, 7, 5, one_cycle(35)),
    *(("OneCycle", 0, 10, 0.1, 1, n, one_cycle(n)) for n in (1, 2, 3, 4, 5, 10)),
    ("Constant", 1.5, 10, 0.1, 4, 3, warm([1.0] * 12, 6)),
    ("Cosine", 2, 10, 0.1, 5, 4, warm(cosine(20), 10)),
    ("Step", 1, 2, 0.1, 5, 6, warm(repeat(step_rate(6, 2, 0.1), 5), 5)),
]


def wrap(words, width=120):
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > width:
            lines.append(line.rstrip())
            line = ""
        line += word + ", "
    return "\n            ".join(lines + [line.rstrip()])


print("namespace Convolve.Tests.Training;\n")
print("/// <summary>Written by schedule_golden.py.</summary>")
print("internal static class ScheduleGolden")
print("{")
print("    /// <summary>What PyTorch's schedulers make of a highest rate of 1, step by step.</summary>")
print("    public static readonly (string Kind, double WarmUp, int StepEpochs, double Factor, int StepsPerEpoch, int Epochs, double[] Rates)[] Cases =")
print("    [")
for kind, warm_up, cut, factor, steps, epochs, values in CASES:
    assert len(values) == steps * epochs
    print(f'        ("{kind}", {warm_up}, {cut}, {factor}, {steps}, {epochs},')
    print("        [")
    print("            " + wrap([repr(float(v)) for v in values]))
    print("        ]),")
print("    ];")
print("}")
