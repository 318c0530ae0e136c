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
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

IMAGES, LABELS, SAMPLES, PROJECTIONS = 1000, 2000, 3000, 4000  # where the streams of tensor numbers start
SAMPLE_COUNT, PROJECTION_COUNT, STEPS, BATCHES = 256, 4, 10, 2
BIAS_SCALE = np.float32(0.125)


def mix(x):
    """lowbias32 by Chris Wellons: a bijective 32-bit hash."""
    x = np.uint32(x) if np.isscalar(x) else x.astype(np.uint32)
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x7FEB352D)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def bits(tensor, count):
    key = mix(np.array([(tensor * 0x9E3779B9 + 1) & 0xFFFFFFFF], np.uint32))
    return mix(np.arange(count, dtype=np.uint32) ^ key)


def values(tensor, count):
    """Multiples of 2^-23 in [-1, 1): exact in float32."""
    return ((bits(tensor, count) >> np.uint32(8)).astype(np.int64) - (1 << 23)).astype(np.float32) * np.float32(2.0 ** -23)


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


PLAIN = dict(learningRate=0.01, momentum=0.9, nesterov=False, weightDecay=0.0, decaysBiases=False)
NESTEROV = dict(learningRate=0.01, momentum=0.9, nesterov=True, weightDecay=0.005, decaysBiases=False)
DECAY_ALL = dict(learningRate=0.02, momentum=0.0, nesterov=False, weightDecay=0.01, decaysBiases=True)
GENTLE = dict(PLAIN, learningRate=2.0 ** -21, momentum=0.875)  # noise for images makes steep valleys: at .001 the path is chaotic

# name: (the zoo's name and options, layers, image shape, batch, image seeds tried, trainings)
NETWORKS = {
    "lenet5-tanh-max": ("lenet5", {"activation": "tanh"}, lenet(nn.Tanh, nn.MaxPool2d, 2), (1, 28, 28), 8, 20, [PLAIN, NESTEROV, DECAY_ALL]),
    "lenet5-sigmoid-avg": ("lenet5", {"activation": "sigmoid", "pooling": "avg"}, lenet(nn.Sigmoid, nn.AvgPool2d, 2), (1, 28, 28), 8, 1, [PLAIN, NESTEROV]),
    "lenet5-relu-max": ("lenet5", {}, lenet(nn.ReLU, nn.MaxPool2d, 2), (1, 28, 28), 8, 20, [PLAIN]),
    "lenet5-keras": ("lenet5-keras", {}, lenet(nn.Tanh, nn.MaxPool2d, 0), (1, 28, 28), 8, 20, [PLAIN]),
    "alexnet-d2l": ("alexnet-d2l", {"dropout": "off"}, alexnet(1, [96, 256, 384, 384, 256], 0, 6400), (1, 224, 224), 4, 60, [GENTLE]),
    "alexnet-torchvision": ("alexnet-torchvision", {"dropout": "off"}, alexnet(3, [64, 192, 384, 256, 256], 2, 9216), (3, 224, 224), 4, 60, [GENTLE]),
}


class Network(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.steps = []
        for i, layer in enumerate(layers):
            name, module = layer if isinstance(layer, tuple) else (f"step{i}", layer)
            self.add_module(name, module)
            self.steps.append(module)

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return x

    def reset(self):
        for i, parameter in enumerate(self.parameters()):
            count = parameter.numel()
            fan_in = count // parameter.shape[0]
            scale = np.float32(math.sqrt(6.0 / fan_in)) if parameter.dim() > 1 else BIAS_SCALE
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(values(i, count) * scale).reshape(parameter.shape))
            parameter.grad = None


def images(shape, batch, seed, number):
    return torch.from_numpy(values(IMAGES + BATCHES * seed + number, batch * math.prod(shape)).reshape(batch, *shape))


def labels(batch, seed, number):
    return torch.from_numpy((bits(LABELS + BATCHES * seed + number, batch) % 10).astype(np.int64))


def nearest_tie(net, x):
    """The smallest distance to a tie, relative to the tensor's root mean square: of a ReLU's input from 0, of a window's two largest values."""
    nearest = math.inf
    with torch.no_grad():
        for step in net.steps:
            if isinstance(step, nn.ReLU):
                nearest = min(nearest, (x.abs().min() / x.square().mean().sqrt()).item())
            elif isinstance(step, nn.MaxPool2d):
                windows = x.unfold(2, step.kernel_size, step.stride).unfold(3, step.kernel_size, step.stride).flatten(4)
                top = windows.topk(2, dim=4).values
                gaps = (top[..., 0] - top[..., 1])[top[..., 0] != 0]  # ties at 0 are behind a ReLU and pass no gradient
                nearest = min(nearest, (gaps.min() / x.square().mean().sqrt()).item())
            x = step(x)
    return nearest


def gradients(net, x, y, autocast=False):
    net.reset()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        logits = net(x)
    loss = F.cross_entropy(logits.float() if autocast else logits, y)
    loss.backward()
    return logits.detach().double(), loss.item(), {name: p.grad.double() for name, p in net.named_parameters()}


def train(net, shape, batch, seed, settings):
    net.reset()
    dtype = next(net.parameters()).dtype
    decayed = [p for p in net.parameters() if p.dim() > 1 or settings["decaysBiases"]]
    others = [p for p in net.parameters() if p.dim() == 1 and not settings["decaysBiases"]]
    groups = [dict(params=decayed, weight_decay=settings["weightDecay"])] + ([dict(params=others, weight_decay=0.0)] if others else [])
    optimizer = torch.optim.SGD(groups, lr=settings["learningRate"], momentum=settings["momentum"], nesterov=settings["nesterov"])
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images(shape, batch, seed, step % BATCHES).to(dtype)), labels(batch, seed, step % BATCHES))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def distance(actual, expected):
    return ((actual - expected).norm() / expected.norm()).item()


def cosine(actual, expected):
    return F.cosine_similarity(actual.flatten(), expected.flatten(), dim=0).item()


def tensor(i, truth, single, half):
    flat = truth.flatten().numpy()
    count = flat.size
    places = np.arange(count) if count <= SAMPLE_COUNT else bits(SAMPLES + i, SAMPLE_COUNT) % np.uint32(count)
    return {
        "count": count,
        "norm": rounded(np.linalg.norm(flat)),
        "sum": rounded(flat.sum()),
        "projections": [rounded(flat @ values(PROJECTIONS + PROJECTION_COUNT * i + p, count).astype(np.float64)) for p in range(PROJECTION_COUNT)],
        "float32Distance": short(distance(single, truth)),
        "bfloat16Cosine": float(f"{cosine(half, truth):.5f}"),
        "samples": [rounded(v) for v in flat[places]],
    }


def rounded(x):
    return float(f"{x:.9e}")


def short(x):
    return float(f"{x:.1e}")


def make(key):
    name, options, build, shape, batch, tries, trainings = NETWORKS[key]
    double = Network(build()).double()
    double.reset()
    ties = [nearest_tie(double, images(shape, batch, seed, 0).double()) for seed in range(tries)]
    seed = int(np.argmax(ties))
    x, y = images(shape, batch, seed, 0), labels(batch, seed, 0)
    logits, loss, truth = gradients(double, x.double(), y)
    single = Network(build())
    logits32, loss32, grads32 = gradients(single, x, y)
    logits16, loss16, grads16 = gradients(single, x, y, autocast=True)
    runs = []
    for settings in trainings:
        losses, losses32 = train(double, shape, batch, seed, settings), train(single, shape, batch, seed, settings)
        runs.append(dict(settings, losses=[rounded(v) for v in losses], float32Distance=short(max(abs(a - b) / b for a, b in zip(losses32, losses)))))
    golden = {
        "network": name, "options": options, "classes": 10, "input": list(shape), "batch": batch, "seed": seed, "torch": torch.__version__,
        "nearestTie": short(ties[seed]) if math.isfinite(ties[seed]) else None,
        "loss": rounded(loss), "lossFloat32Distance": short(abs(loss32 - loss) / loss),
        "logitsFloat32Distance": short(distance(logits32, logits)), "logitsBfloat16Cosine": float(f"{cosine(logits16, logits):.5f}"),
        "logits": [rounded(v) for v in logits.flatten().tolist()],
        "gradients": {p: tensor(i, truth[p], grads32[p], grads16[p]) for i, p in enumerate(truth)},
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
    import re
    return re.sub(r"\[\s*([^\[\]{}]*?)\s*\]", lambda m: "[" + ", ".join(part.strip() for part in m.group(1).split(",")) + "]", text) + "\n"


if __name__ == "__main__":
    for key in sys.argv[1:] or NETWORKS:
        make(key)
