#!/usr/bin/python3
"""Writes the golden files that the C# tests compare whole networks with: PyTorch in float64 is the truth.

    /usr/bin/python3 test/golden/make_golden.py [NAME...]

Weights, images, labels, sampled places and projections come from one integer hash, which the tests compute bit for bit alike,
so a file holds results only. Each file also says how far PyTorch's own float32 and bfloat16 are from the truth: that explains
the tests' tolerances. The images' seed is chosen among TRIES so that no ReLU input and no pair of pooled values is near a tie
(see nearest_tie): else a rounding error could flip an element, and two correct float32 programs would differ by 1e-4.
"""
import json
import math
import pathlib
import re
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import tensors
from tensors import BATCHES, images, labels, reset, rounded

SAMPLES, FEWER_SAMPLES, STEPS = 256, 64, 10  # fewer of each tensor where there are many tensors


def lenet(activation, pooling, padding):
    return lambda: [
        ("conv1", nn.Conv2d(1, 6, 5, padding=padding)), activation(), pooling(2),
        ("conv2", nn.Conv2d(6, 16, 5)), activation(), pooling(2), nn.Flatten(),
        ("fc1", nn.Linear(400 if padding else 256, 120)), activation(),
        ("fc2", nn.Linear(120, 84)), activation(), ("fc3", nn.Linear(84, 10))]


def alexnet(channels, widths, padding, features):
    def build():
        layers, sizes = [], [11, 5, 3, 3, 3]
        for i, (width, kernel) in enumerate(zip(widths, sizes)):
            conv = nn.Conv2d(channels if i == 0 else widths[i - 1], width, kernel, stride=4 if i == 0 else 1, padding=[padding, 2, 1, 1, 1][i])
            layers += [(f"conv{i + 1}", conv), nn.ReLU()] + ([nn.MaxPool2d(3, 2)] if i in (0, 1, 4) else [])
        return layers + [nn.Flatten(), ("fc1", nn.Linear(features, 4096)), nn.ReLU(),
                         ("fc2", nn.Linear(4096, 4096)), nn.ReLU(), ("fc3", nn.Linear(4096, 10))]
    return build


class LocalResponseNorm2012(nn.LocalResponseNorm):
    """The paper's, whose alpha is not divided by the size."""

    def __init__(self):
        super().__init__(5, alpha=5 * float(np.float32(1e-4)), beta=0.75, k=2)


def alexnet_2012():
    return [
        ("conv1", nn.Conv2d(3, 96, 11, stride=4)), nn.ReLU(), LocalResponseNorm2012(), nn.MaxPool2d(3, 2),
        ("conv2", nn.Conv2d(96, 256, 5, padding=2, groups=2)), nn.ReLU(), LocalResponseNorm2012(), nn.MaxPool2d(3, 2),
        ("conv3", nn.Conv2d(256, 384, 3, padding=1)), nn.ReLU(),
        ("conv4", nn.Conv2d(384, 384, 3, padding=1, groups=2)), nn.ReLU(),
        ("conv5", nn.Conv2d(384, 256, 3, padding=1, groups=2)), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten(),
        ("fc1", nn.Linear(256 * 2 * 2, 4096)), nn.ReLU(), ("fc2", nn.Linear(4096, 4096)), nn.ReLU(), ("fc3", nn.Linear(4096, 10))]


def cnn_bn_leaky():
    return [
        ("conv1", nn.Conv2d(3, 32, 3, stride=2, padding=1)), ("bn1", nn.BatchNorm2d(32)), nn.LeakyReLU(0.1),
        ("conv2", nn.Conv2d(32, 64, 3, padding=1)), ("bn2", nn.BatchNorm2d(64)), nn.LeakyReLU(0.1),
        ("conv3", nn.Conv2d(64, 64, 3, stride=2, padding=1)), ("bn3", nn.BatchNorm2d(64)), nn.LeakyReLU(0.1), nn.Flatten(),
        ("fc1", nn.Linear(4096, 128)), ("bn4", nn.BatchNorm1d(128)), nn.LeakyReLU(0.1), ("fc2", nn.Linear(128, 10))]


class Block(nn.Module):
    """Two convolutions and a shortcut, which between stages takes every second pixel and adds channels of zeros (option A)."""

    def __init__(self, channels, filters):
        super().__init__()
        self.more = filters - channels
        self.conv1, self.bn1 = nn.Conv2d(channels, filters, 3, stride=2 if self.more else 1, padding=1, bias=False), nn.BatchNorm2d(filters)
        self.conv2, self.bn2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()

    def forward(self, x):
        path = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(path + (F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.more)) if self.more else x))


def resnet20():
    stages = [nn.Sequential(*(Block(max(16, filters // 2) if block == 0 else filters, filters) for block in range(3))) for filters in (16, 32, 64)]
    return [("conv1", nn.Conv2d(3, 16, 3, padding=1, bias=False)), ("bn1", nn.BatchNorm2d(16)), nn.ReLU(),
            *((f"layer{i + 1}", stage) for i, stage in enumerate(stages)), nn.AdaptiveAvgPool2d(1), nn.Flatten(), ("fc", nn.Linear(64, 10))]


def sgd(learning_rate, momentum=0.0, nesterov=False, weight_decay=0.0, decays_biases=False):
    return dict(rule="sgd", learning_rate=learning_rate, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay, decays_biases=decays_biases)


def adam(rule, learning_rate, weight_decay, decays_biases=False):
    return dict(rule=rule, learning_rate=learning_rate, beta1=0.75, beta2=0.875, eps=2.0 ** -14, weight_decay=weight_decay, decays_biases=decays_biases)


# An optimizer, in the words of a recipe; and a label smoothing. Numbers that float32 has, or has nearly.
PLAIN = sgd(0.01, momentum=0.9), 0
NESTEROV = sgd(0.01, momentum=0.9, nesterov=True, weight_decay=0.005), 0
DECAY_ALL = sgd(0.02, weight_decay=0.01, decays_biases=True), 0
SMOOTHED = sgd(0.01, momentum=0.9), 0.125
ADAM = adam("adam", 0.002, 0.05), 0
ADAMW = adam("adamw", 0.002, 0.1), 0.125
RMSPROP = dict(rule="rmsprop", learning_rate=0.001, alpha=0.875, eps=2.0 ** -14, momentum=0.5, centered=True, weight_decay=0.05, decays_biases=False), 0
GENTLE = sgd(2.0 ** -21, momentum=0.875), 0  # noise for images makes steep valleys: at .001 the path is chaotic
CAREFUL = sgd(2.0 ** -10, momentum=0.875), 0  # so that no ReLU of twenty layers comes to a tie on the way

# name: (the zoo's name and options, layers, image shape, batch, image seeds tried, trainings)
NETWORKS = {
    "lenet5-tanh-max": ("lenet5", {"activation": "tanh"}, lenet(nn.Tanh, nn.MaxPool2d, 2), (1, 28, 28), 8, 20,
                        [PLAIN, NESTEROV, DECAY_ALL, SMOOTHED, ADAM, ADAMW, RMSPROP]),
    "lenet5-sigmoid-avg": ("lenet5", {"activation": "sigmoid", "pooling": "avg"}, lenet(nn.Sigmoid, nn.AvgPool2d, 2), (1, 28, 28), 8, 1, [PLAIN, NESTEROV]),
    "lenet5-relu-max": ("lenet5", {}, lenet(nn.ReLU, nn.MaxPool2d, 2), (1, 28, 28), 8, 20, [PLAIN]),
    "lenet5-keras": ("lenet5-keras", {}, lenet(nn.Tanh, nn.MaxPool2d, 0), (1, 28, 28), 8, 20, [PLAIN]),
    "cnn-bn-leaky": ("cnn-bn-leaky", {"dropout": "off"}, cnn_bn_leaky, (3, 32, 32), 8, 60, [PLAIN]),
    "resnet20": ("resnet20", {"input": "3x16x16"}, resnet20, (3, 16, 16), 8, 60, [CAREFUL]),
    "alexnet-2012": ("alexnet-2012", {"input": "3x99x99", "dropout": "off"}, alexnet_2012, (3, 99, 99), 4, 60, [GENTLE]),
    "alexnet-d2l": ("alexnet-d2l", {"dropout": "off"}, alexnet(1, [96, 256, 384, 384, 256], 0, 6400), (1, 224, 224), 4, 60, [GENTLE]),
    "alexnet-torchvision": ("alexnet-torchvision", {"dropout": "off"}, alexnet(3, [64, 192, 384, 256, 256], 2, 9216), (3, 224, 224), 4, 60, [GENTLE]),
}


class Network(nn.Sequential):
    """A chain; parameters are those of the layers that have a name."""

    def __init__(self, layers):
        super().__init__()
        for i, layer in enumerate(layers):
            self.add_module(*(layer if isinstance(layer, tuple) else (f"step{i}", layer)))


def nearest_tie(net, x):
    """The smallest distance to a tie, relative to the tensor's root mean square: of a ReLU's input from 0, of a window's two largest values."""
    nearest = [math.inf]

    def look(step, inputs):
        x = inputs[0]
        if isinstance(step, (nn.ReLU, nn.LeakyReLU)):
            nearest.append((x.abs().min() / x.square().mean().sqrt()).item())
        elif isinstance(step, nn.MaxPool2d):
            windows = x.unfold(2, step.kernel_size, step.stride).unfold(3, step.kernel_size, step.stride).flatten(4)
            top = windows.topk(2, dim=4).values
            gaps = (top[..., 0] - top[..., 1])[top[..., 0] != 0]  # ties at 0 are behind a ReLU and pass no gradient
            nearest.append((gaps.min() / x.square().mean().sqrt()).item())

    hooks = [step.register_forward_pre_hook(look) for step in net.modules()]
    with torch.no_grad():
        net(x)
    for hook in hooks:
        hook.remove()
    return min(nearest)


def run(net, x, y, autocast=False):
    """The loss of a training pass, its gradients, what it leaves in the buffers, and the logits of the evaluation after it."""
    reset(net)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        logits = net.train()(x)
        loss = F.cross_entropy(logits.float() if autocast else logits, y)
        loss.backward()
        with torch.no_grad():
            evaluated = net.eval()(x)
    moved = {name: tensor.double().clone() for name, tensor in tensors.state(net) if not tensor.requires_grad}
    return loss.item(), {name: p.grad.double() for name, p in net.named_parameters()}, moved, evaluated.double()


def optimizer_of(net, settings):
    settings = dict(settings)
    rule, decay, decays_all = settings.pop("rule"), settings.pop("weight_decay"), settings.pop("decays_biases")
    groups = [dict(params=[p for name, p in net.named_parameters() if decays_all or tensors.role(net, name) == "weight"], weight_decay=decay)]
    groups += [] if decays_all else [dict(params=[p for name, p in net.named_parameters() if tensors.role(net, name) != "weight"], weight_decay=0.0)]
    options = {"lr": settings.pop("learning_rate")}
    if "beta1" in settings:
        options["betas"] = settings.pop("beta1"), settings.pop("beta2")
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}[rule]
    return make(groups, **options, **settings)


def train(net, shape, batch, seed, settings, smoothing):
    reset(net.train())
    dtype = next(net.parameters()).dtype
    optimizer, losses = optimizer_of(net, settings), []
    for step in range(STEPS):
        optimizer.zero_grad()
        logits = net(images(shape, batch, seed, step % BATCHES).to(dtype))
        loss = F.cross_entropy(logits, labels(batch, seed, step % BATCHES), label_smoothing=smoothing)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def distance(actual, expected):
    return ((actual - expected).norm() / expected.norm()).item()


def cosine(actual, expected):
    return F.cosine_similarity(actual.flatten(), expected.flatten(), dim=0).item()


def tensor(i, samples, truth, single, half):
    if truth.norm() < 1e-12:
        truth = single = half = torch.zeros_like(truth)  # of a bias in front of a batch normalization, only rounding is left
    flat = truth.flatten().numpy()
    count = flat.size
    places = np.arange(count) if count <= samples else tensors.bits(tensors.SAMPLES + i, samples) % np.uint32(count)
    return {
        "count": count,
        "norm": rounded(np.linalg.norm(flat)),
        "sum": rounded(flat.sum()),
        "projections": tensors.projections(i, flat),
        "float32Distance": short(distance(single, truth)) if flat.any() else 0.0,
        "bfloat16Cosine": float(f"{cosine(half, truth):.5f}") if flat.any() else 1.0,
        "samples": [rounded(v) for v in flat[places]],
    }


def short(x):
    return float(f"{x:.1e}")


def make(key):
    name, options, build, shape, batch, tries, trainings = NETWORKS[key]
    double = Network(build()).double()
    reset(double)
    ties = [nearest_tie(double, images(shape, batch, seed, 0).double()) for seed in range(tries)]
    seed = int(np.argmax(ties))
    x, y = images(shape, batch, seed, 0), labels(batch, seed, 0)
    loss, truth, moved, logits = run(double, x.double(), y)
    single = Network(build())
    loss32, grads32, moved32, logits32 = run(single, x, y)
    loss16, grads16, moved16, logits16 = run(single, x, y, autocast=True)
    samples = SAMPLES if len(truth) < 40 else FEWER_SAMPLES
    runs = []
    for settings, smoothing in trainings:
        losses, losses32 = train(double, shape, batch, seed, settings, smoothing), train(single, shape, batch, seed, settings, smoothing)
        runs.append(dict(optimizer=settings, labelSmoothing=smoothing, losses=[rounded(v) for v in losses],
                         float32Distance=short(max(abs(a - b) / b for a, b in zip(losses32, losses)))))
    golden = {
        "network": name, "options": options, "classes": 10, "input": list(shape), "batch": batch, "seed": seed, "torch": torch.__version__,
        "nearestTie": short(ties[seed]) if math.isfinite(ties[seed]) else None,
        "loss": rounded(loss), "lossFloat32Distance": short(abs(loss32 - loss) / loss),
        "logitsFloat32Distance": short(distance(logits32, logits)), "logitsBfloat16Cosine": float(f"{cosine(logits16, logits):.5f}"),
        "logits": [rounded(v) for v in logits.flatten().tolist()],
        "gradients": {p: tensor(i, samples, truth[p], grads32[p], grads16[p]) for i, p in enumerate(truth)},
        "buffers": {b: tensor(i, samples, moved[b], moved32[b], moved16[b]) for i, b in enumerate(moved, len(truth))},
        "training": runs,
    }
    text = json.dumps(golden, indent=1)
    path = pathlib.Path(__file__).with_name(key + ".json")
    path.write_text(flattened(text))
    print(key, "seed", seed, "tie", golden["nearestTie"], "loss", loss, "f32", golden["lossFloat32Distance"],
          "grads f32", max(g["float32Distance"] for g in golden["gradients"].values()),
          "bf16", {p: g["bfloat16Cosine"] for p, g in golden["gradients"].items()},
          "training", [(r["losses"][0], r["losses"][-1], r["float32Distance"]) for r in runs], path.stat().st_size, "bytes", flush=True)


def flattened(text):
    """One list a line."""
    return re.sub(r"\[\s*([^\[\]{}]*?)\s*\]", lambda m: "[" + ", ".join(part.strip() for part in m.group(1).split(",")) + "]", text) + "\n"


if __name__ == "__main__":
    for key in sys.argv[1:] or NETWORKS:
        make(key)
