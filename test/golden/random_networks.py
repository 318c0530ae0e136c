#!/usr/bin/python3
"""Random networks over every kind of layer, and what PyTorch finds for them in float64.

    /usr/bin/python3 test/golden/random_networks.py FOLDER FIRST COUNT [DRAWS]

For each seed from FIRST on, FOLDER gets SEED.json (the graph, the batches, the names and lengths of all tensors) and SEED.bin (their values in
float64, one after the other). A network trains on a whole batch and on a smaller last one, with a step of plain SGD behind each, and evaluates
before and after. Beside every result stands how far it moves when float64 is disturbed as rounding disturbs it: each image, weight, output and
gradient by up to four half units in the last place of float32 (a sum rounds at every addition), the gradients of convolutions' biases by adding
thousands of numbers one after the other in float32, as oneDNN does, the sums of a convolution by what Winograd costs, or each number by half a unit in
the last place of bfloat16. Where that moves a result further than a tolerance, no kernel can be held to the tolerance. Of DRAWS of it, 3 by
default, the largest counts: it takes many until a ReLU falls on the other side of 0 that only some roundings take there.
"""
import json
import math
import pathlib
import random
import sys

import numpy as np
import torch
import torch.nn.functional as F

import tensors
from make_layers import Catalogued

RATE = 0.05
ALL = ("Conv2d", "Linear", "BatchNorm1d", "BatchNorm2d", "LocalResponseNorm", "MaxPool2d", "MinPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "GlobalAvgPool",
       "ReLU", "LeakyReLU", "PReLU", "Tanh", "Sigmoid", "GELU", "SiLU", "Softmax", "Resize", "Dropout", "Flatten", "Add", "Concat", "PadChannels")


class Maker:
    """Draws a network. Shapes are counted here by PyTorch itself: every layer is tried on an image of zeros as it is added."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed, self.nodes, self.values, self.used = seed, [], {}, set()
        self.wide = seed % 4 == 0  # channels by sixteens, which Winograd takes
        channels = self.random.choice((16, 32)) if self.wide else self.random.choice((1, 1, 2, 3, 3, 5, 16))
        self.input = [channels, self.random.randint(6, 18), self.random.randint(6, 18)]
        self.values["input"] = torch.zeros(2, *self.input, dtype=torch.float64)
        self.net = Catalogued({"nodes": []}).double()
        self.latest = "input"

    def pick(self, *values):
        return self.random.choice(values)

    def shape(self, name):
        return list(self.values[name].shape[1:])

    def add(self, kind, *inputs, **fields):
        name = f"n{len(self.nodes) + 1}"
        node = {"name": name, "type": kind, "inputs": list(inputs), **fields}
        value = getattr(self.net, kind)(node | {"probability": 0} if kind == "Dropout" else node, *(self.values[i] for i in inputs))
        self.nodes.append(node)
        self.values[name] = value.detach()
        self.used.update(inputs)
        self.latest = name
        return name

    def filters(self):
        return self.pick(16, 32, 48) if self.wide else self.pick(1, 3, 4, 6, 7, 8, 16, 20, 33)

    def conv(self, source):
        channels, height, width = self.shape(source)
        fields = {"filters": self.filters()}
        if self.wide and self.random.random() < 0.7:
            kernel = self.pick(3, 3, 5)
            fields |= {"kernel": kernel, "padding": kernel // 2}
        else:
            kernel = [self.random.randint(1, min(5, height)), self.random.randint(1, min(5, width))]
            dilation = [self.pick(1, 1, 2) if (size - 1) * 2 < room else 1 for size, room in zip(kernel, (height, width))]
            fields |= {"kernel": kernel, "stride": [self.pick(1, 1, 2, 3), self.pick(1, 1, 2, 3)], "dilation": dilation}
            fields["padding"] = "same" if self.random.random() < 0.25 else [self.random.randint(0, (k - 1) * d) for k, d in zip(kernel, dilation)]
            groups = self.pick(1, 1, 1, math.gcd(channels, fields["filters"]))
            if groups > 1:
                fields["groups"] = groups
        if self.random.random() < 0.3:
            fields["bias"] = False
        return self.add("Conv2d", source, **fields)

    def pool(self, source):
        _, height, width = self.shape(source)
        kind = self.pick("MaxPool2d", "MaxPool2d", "MinPool2d", "AvgPool2d")
        if min(height, width) >= 4 and self.random.random() < 0.5:
            fields = {"kernel": self.pick(2, 3), "stride": 2}
        else:
            kernel = [self.random.randint(1, min(4, height)), self.random.randint(1, min(4, width))]
            fields = {"kernel": kernel, "stride": [self.random.randint(1, 3), self.random.randint(1, 3)]}
            fields["padding"] = "same" if self.random.random() < 0.2 else [self.random.randint(0, k // 2) for k in kernel]
        if kind == "AvgPool2d" and self.random.random() < 0.5:
            fields["countPadding"] = False
        return self.add(kind, source, **fields)

    def norm(self, source):
        vector = len(self.shape(source)) == 1
        if not vector and self.random.random() < 0.4:
            return self.add("LocalResponseNorm", source, size=self.random.randint(1, 7), alpha=self.pick(1e-4, 0.5, 2.0), beta=self.pick(0.5, 0.75, 1.5),
                            k=self.pick(1.0, 2.0), divideAlpha=self.pick(True, False))
        return self.add("BatchNorm1d" if vector else "BatchNorm2d", source, eps=self.pick(1e-5, 1e-3), momentum=self.pick(0.1, 0.3))

    def activation(self, source):
        kind = self.pick("ReLU", "ReLU", "ReLU", "LeakyReLU", "PReLU", "Tanh", "Sigmoid", "GELU", "SiLU")
        fields = {"slope": self.pick(0.01, 0.2)} if kind == "LeakyReLU" else \
            {"approximate": self.pick("none", "tanh")} if kind == "GELU" else {"perChannel": self.pick(True, False)} if kind == "PReLU" else {}
        return self.add(kind, source, **fields)

    def dropout(self, source):
        return self.add("Dropout", source, probability=0)

    def merge(self, source):
        shape = self.shape(source)
        alike = [name for name in self.values if self.shape(name) == shape and name != source]
        if alike and self.random.random() < 0.7:
            return self.add("Add", *self.random.sample([source, self.random.choice(alike)], 2))
        beside = [name for name in self.values if self.shape(name)[1:] == shape[1:] and len(self.shape(name)) == len(shape) and name != source]
        if beside:
            return self.add("Concat", *self.random.sample([source, self.random.choice(beside)], 2))
        return self.conv(source) if len(shape) == 3 else self.linear(source)

    def residual(self, source):
        """Two convolutions around which the image goes by itself."""
        channels, *_ = self.shape(source)
        first = self.activation(self.norm(self.add("Conv2d", source, filters=channels, kernel=3, padding=1, bias=False)))
        return self.add("Add", self.add("Conv2d", first, filters=channels, kernel=3, padding=1), source)

    def size(self, source):
        kind = self.pick("Resize", "AdaptiveAvgPool2d", "PadChannels")
        if kind == "PadChannels":
            return self.add(kind, source, count=self.random.randint(1, 9))
        return self.add(kind, source, **{"size" if kind == "Resize" else "output": [self.random.randint(1, 12), self.random.randint(1, 12)]})

    def linear(self, source):
        return self.add("Linear", source, units=self.pick(1, 4, 7, 16, 20, 33, 64), **({} if self.random.random() < 0.7 else {"bias": False}))

    def image_layer(self):
        source = self.latest if self.random.random() < 0.75 else self.random.choice([name for name in self.values if len(self.shape(name)) == 3])
        if math.prod(self.shape(source)) > 6000 and self.random.random() < 0.7:
            return self.pool(source)
        layers = (self.conv, self.conv, self.conv, self.pool, self.norm, self.activation, self.activation, self.merge, self.size, self.dropout, self.residual)
        return self.random.choice(layers)(source)

    def vector_layer(self, source):
        layers = (self.linear, self.linear, self.activation, self.norm, self.dropout, lambda s: self.add("Softmax", s))
        return self.random.choice(layers)(source)

    def graph(self):
        if self.random.random() < 0.3:
            self.conv("input")
        for _ in range(self.random.randint(3, 9)):
            self.image_layer()
        vectors = []
        for end in [name for name in self.values if name not in self.used]:
            vector = self.add(self.pick("Flatten", "Flatten", "GlobalAvgPool"), end)
            if math.prod(self.shape(vector)) > 1500:
                vector = self.add("Linear", vector, units=self.pick(7, 20, 64))
            for _ in range(self.random.randint(0, 2)):
                vector = self.vector_layer(vector)
            vectors.append(vector)
        last = vectors[0] if len(vectors) == 1 else self.add("Concat", *vectors)
        last = self.add("Linear", last, units=self.random.randint(2, 12))
        if self.random.random() < 0.2:
            self.add("Softmax", last)
        return {"name": f"random-{self.seed}", "input": self.input, "nodes": self.nodes}

    def batches(self):
        """A whole one, a last one that is smaller, and one to evaluate. Normalized over few values, a network is a matter of rounding."""
        least = 1
        for node in self.nodes:
            if node["type"].startswith("BatchNorm"):
                least = max(least, math.ceil(16 / math.prod(self.shape(node["inputs"][0])[1:])))
        whole = self.random.randint(min(least + 1, 33), 33)
        return [whole, self.random.randint(min(least, whole), whole), self.random.randint(1, 33)]


class Disturbed(Catalogued):
    """The same network, of which every output and every gradient is off by as much as rounding may be."""

    def __init__(self, graph, kind=None, seed=0):
        super().__init__(graph)
        self.kind, self.generator = kind, torch.Generator().manual_seed(seed)
        self.sums = {}  # the gradients of convolutions' biases as the last pass summed them

    def noise(self, x, additive):
        """
        Relative to each value, and once more to each image's channel as a whole: equal numbers, such as the gradients behind an average, round alike,
        and long sums lose the same in every step. Additive to the size of the whole, as the errors of Winograd's sums are.
        """
        u = self.draw(x.shape) + self.draw(x.shape[:2] + (1,) * (x.dim() - 2))
        if self.kind == "bf16":
            return x * (1 + u * 2.0 ** -8)
        if self.kind == "winograd" and additive:
            return x + u * x.square().mean().sqrt() * 2.0 ** -17
        return x * (1 + u * 2.0 ** -22)

    def draw(self, shape):
        return torch.rand(shape, generator=self.generator, dtype=torch.float64) * 2 - 1

    def disturb(self, x, additive=False):
        if self.kind is None:
            return x
        y = x + (self.noise(x.detach(), additive) - x.detach())
        if y.requires_grad:
            y.register_hook(lambda g: self.noise(g, additive))
        return y

    def shift(self, x):
        """The means that a normalization takes from a gradient are rounded too: all numbers of a channel are off by the same."""
        if not x.requires_grad:
            return x
        y = x + 0
        y.register_hook(lambda g: g + self.draw((1, g.shape[1]) + (1,) * (g.dim() - 2)) * g.square().mean().sqrt() * 2.0 ** -22)
        return y

    def forward(self, x):
        outputs = {"input": self.disturb(x)}
        for node in self.nodes:
            inputs = [outputs[name] for name in node["inputs"]]
            if node["type"].startswith("BatchNorm") and self.kind in ("f32", "winograd"):
                inputs = [self.shift(inputs[0])]
            value = getattr(self, node["type"])(node, *inputs)
            if node["type"] == "Conv2d" and self.kind is not None and value.requires_grad:
                value.register_hook(lambda g, name=f"{node['name']}.bias": self.sums.update({name: one_by_one(g)}))
            outputs[node["name"]] = value if node["type"] in ("Flatten", "Dropout") else self.disturb(value, node["type"] == "Conv2d")
        last = self.nodes[-1]
        return outputs[last["inputs"][0] if last["type"] == "Softmax" else last["name"]], outputs[last["name"]]


def one_by_one(gradient):
    """The sum of a convolution's gradient over images and pixels as float32 has it when one number is added after the other."""
    rows = gradient.transpose(0, 1).flatten(1).float().numpy()
    return torch.from_numpy(np.cumsum(rows, axis=1, dtype=np.float32)[:, -1].astype(np.float64))


def start(net, graph, seed):
    """Weights of variance 1 / fan in, all of them numbers of float32."""
    net(torch.zeros(2, *graph["input"], dtype=torch.float64))
    draw = torch.Generator().manual_seed(seed)
    for name, tensor in tensors.state(net):
        u = torch.rand(tensor.shape, generator=draw, dtype=torch.float64) * 2 - 1
        if tensors.role(net, name) == "weight":
            u *= math.sqrt(3.0 / (tensor.numel() / tensor.shape[0]))
        else:
            u = u * 0.25 + (1 if tensors.role(net, name) in ("scale", "variance") else 0)
        with torch.no_grad():
            tensor.copy_(u.float().double())


def named(net):
    return [(name.removeprefix("layers.").replace("/", "."), t) for name, t in tensors.state(net)]


def results(graph, batches, data, seed, kind=None, draw=0):
    """All that is compared, by name."""
    net = Disturbed(graph, kind, draw)
    start(net, graph, seed)
    first = {name: tensor.detach().clone() for name, tensor in named(net)}
    if kind is not None:
        with torch.no_grad():
            for _, tensor in named(net):
                tensor.copy_(net.noise(tensor, False))
    found = {"logits": net.eval()(data["images2"])[1]}
    for step in (0, 1):
        net.train().zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(data[f"images{step}"])[0], data[f"labels{step}"])
        loss.backward()
        found[f"loss{step}"] = loss.reshape(1)
        with torch.no_grad():
            for name, tensor in named(net):
                if tensor.requires_grad:
                    gradient = torch.zeros_like(tensor) if tensor.grad is None else net.sums.get(name, tensor.grad)
                    found[f"gradient{step} {name}"] = gradient.clone()
                    tensor -= RATE * gradient
    for name, tensor in named(net):
        found[f"state {name}"] = tensor.detach().clone()
    found["logits after"] = net.eval()(data["images2"])[1]
    return first, {name: tensor.detach() for name, tensor in found.items()}


def moved(reference, disturbed, by):
    """The relative distance in the Euclidean norm, or what the cosine lacks of 1."""
    norm, other = reference.norm().item(), disturbed.norm().item()
    if norm == 0 or (by == "cosine" and other == 0):
        return 0.0 if norm == other else 1.0
    return max(0.0, 1 - (reference.flatten() @ disturbed.flatten()).item() / norm / other) if by == "cosine" else (disturbed - reference).norm().item() / norm


def make(folder, seed, draws):
    maker = Maker(seed)
    graph = maker.graph()
    batches = maker.batches()
    draw = torch.Generator().manual_seed(1000 + seed)
    data = {}
    for i, batch in enumerate(batches):
        data[f"images{i}"] = (torch.rand(batch, *graph["input"], generator=draw, dtype=torch.float64) * 2 - 1).float().double()
    classes = next(n for n in reversed(graph["nodes"]) if n["type"] == "Linear")["units"]
    for i in (0, 1):
        data[f"labels{i}"] = torch.randint(classes, (batches[i],), generator=draw)
    first, reference = results(graph, batches, data, seed)
    moves = {}
    for kind, by in (("f32", "norm"), ("winograd", "norm"), ("bf16", "cosine")):
        drawn = [results(graph, batches, data, seed, kind, 7 * draw + 1)[1] for draw in range(draws)]
        moves[kind] = {name: max(moved(tensor, d[name], by) for d in drawn) for name, tensor in reference.items()}
    tensors = {f"data {k}": t for k, t in data.items()} | {f"first {k}": t for k, t in first.items()} | reference
    (folder / f"{seed}.bin").write_bytes(b"".join(t.double().numpy().astype("<f8").tobytes() for t in tensors.values()))
    (folder / f"{seed}.json").write_text(json.dumps({"graph": graph, "batches": batches, "rate": RATE, "lengths": {n: t.numel() for n, t in tensors.items()}, "moves": moves}))
    return {node["type"] for node in graph["nodes"]}


def main():
    torch.set_num_threads(1)
    folder, first, count, draws = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int((sys.argv[4:] or [3])[0])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        make(folder, seed, draws)


if __name__ == "__main__":
    main()
