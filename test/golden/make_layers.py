#!/usr/bin/python3
"""Fills layers.json: what PyTorch finds in float64 for every network of the layers' catalogue.

    /usr/bin/python3 test/golden/make_layers.py [GRAPHS]

The networks come from the tests: one that is not in the file makes The_file_is_of_the_catalogue fail and write GRAPHS, which has them all. How
PyTorch runs a layer is written here anew, by its own functions, so that a layer that is defined otherwise there cannot pass. Every tensor is told
by its norm and two projections on hashed numbers, which a wrong element changes.
"""
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import tensors

FILE = pathlib.Path(__file__).with_name("layers.json")


def pair(size):
    return tuple(size) if isinstance(size, list) else (size, size)


def number(node, name, default):
    """As a float32 holds it."""
    return float(np.float32(node.get(name, default)))


def same(x, node, kernel, stride):
    """TensorFlow's Same padding, for F.pad: an odd rest goes to the bottom and the right."""
    dilation, sides = pair(node.get("dilation", 1)), []
    for axis in (1, 0):
        size = x.shape[2 + axis]
        total = max(0, (-(-size // stride[axis]) - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1 - size)
        sides += [total // 2, total - total // 2]
    return sides


class Catalogued(nn.Module):
    """A network as its graph says. Parameters are made in the first pass, which has their shapes."""

    def __init__(self, graph):
        super().__init__()
        self.nodes = graph["nodes"]
        self.layers = nn.ModuleDict()

    def forward(self, x):
        """What the loss takes, and what evaluation gives."""
        outputs = {"input": x}
        for node in self.nodes:
            outputs[node["name"]] = getattr(self, node["type"])(node, *(outputs[name] for name in node["inputs"]))
        last = self.nodes[-1]
        return outputs[last["inputs"][0] if last["type"] == "Softmax" else last["name"]], outputs[last["name"]]

    def module(self, node, make):
        key = node["name"].replace(".", "/")
        if key not in self.layers:
            self.layers[key] = make().double()
        return self.layers[key]

    def Conv2d(self, node, x):
        kernel, stride, padding = pair(node["kernel"]), pair(node.get("stride", 1)), node.get("padding", 0)
        if padding == "same":
            x, padding = F.pad(x, same(x, node, kernel, stride)), 0
        return self.module(node, lambda: nn.Conv2d(x.shape[1], node["filters"], kernel, stride, pair(padding), pair(node.get("dilation", 1)),
                                                   node.get("groups", 1), node.get("bias", True)))(x)

    def Linear(self, node, x):
        return self.module(node, lambda: nn.Linear(x.shape[1], node["units"], node.get("bias", True)))(x)

    def BatchNorm2d(self, node, x):
        return self.module(node, lambda: nn.BatchNorm2d(x.shape[1], number(node, "eps", 1e-5), number(node, "momentum", 0.1)))(x)

    def BatchNorm1d(self, node, x):
        return self.module(node, lambda: nn.BatchNorm1d(x.shape[1], number(node, "eps", 1e-5), number(node, "momentum", 0.1)))(x)

    def LocalResponseNorm(self, node, x):
        size, alpha = node["size"], number(node, "alpha", 1e-4)
        alpha *= 1 if node.get("divideAlpha", True) else size
        return F.local_response_norm(x, size, alpha, number(node, "beta", 0.75), number(node, "k", 1))

    def MaxPool2d(self, node, x):
        kernel = pair(node["kernel"])
        stride, padding = pair(node.get("stride", node["kernel"])), node.get("padding", 0)
        if padding == "same":
            x, padding = F.pad(x, same(x, node, kernel, stride), value=-torch.inf), 0
        return F.max_pool2d(x, kernel, stride, pair(padding))

    def MinPool2d(self, node, x):
        return -self.MaxPool2d(node, -x)

    def AvgPool2d(self, node, x):
        kernel = pair(node["kernel"])
        stride, padding, counts = pair(node.get("stride", node["kernel"])), node.get("padding", 0), node.get("countPadding", True)
        if padding != "same":
            return F.avg_pool2d(x, kernel, stride, pair(padding), count_include_pad=counts)
        mean = lambda of: F.avg_pool2d(F.pad(of, same(of, node, kernel, stride)), kernel, stride)
        return mean(x) if counts else mean(x) / mean(torch.ones_like(x))

    def AdaptiveAvgPool2d(self, node, x):
        return F.adaptive_avg_pool2d(x, pair(node["output"]))

    def GlobalAvgPool(self, node, x):
        return F.adaptive_avg_pool2d(x, 1).flatten(1)

    def Resize(self, node, x):
        return F.interpolate(x, size=pair(node["size"]), mode="bilinear", align_corners=False)

    def GELU(self, node, x):
        return F.gelu(x, approximate=node.get("approximate", "none"))

    def LeakyReLU(self, node, x):
        return F.leaky_relu(x, number(node, "slope", 0.01))

    def PReLU(self, node, x):
        slopes = x.shape[1] if node.get("perChannel", False) else 1
        return self.module(node, lambda: nn.PReLU(slopes, number(node, "initial", 0.25)))(x)

    def Dropout(self, node, x):
        assert node["probability"] == 0
        return x

    def PadChannels(self, node, x):
        return F.pad(x, (0, 0, 0, 0, 0, node["count"]))

    ReLU = staticmethod(lambda node, x: F.relu(x))
    SiLU = staticmethod(lambda node, x: F.silu(x))
    Tanh = staticmethod(lambda node, x: torch.tanh(x))
    Sigmoid = staticmethod(lambda node, x: torch.sigmoid(x))
    Softmax = staticmethod(lambda node, x: torch.softmax(x, 1))
    Flatten = staticmethod(lambda node, x: x.flatten(1))
    Add = staticmethod(lambda node, *inputs: sum(inputs))
    Concat = staticmethod(lambda node, *inputs: torch.cat(inputs, 1))


def described(i, tensor):
    flat = tensor.detach().flatten().numpy()
    return [tensors.rounded(np.linalg.norm(flat)), *tensors.projections(i, flat, 2)]


def result(case):
    """One training pass, and the evaluation after it, in which running averages have moved."""
    graph, batch = case["graph"], case["batch"]
    x = tensors.images(graph["input"], batch, 0, 0).double().requires_grad_()
    net = Catalogued(graph)
    classes = net(x)[1].shape[1]
    tensors.reset(net)
    loss = F.cross_entropy(net.train()(x)[0], tensors.labels(batch, 0, 0, classes))
    loss.backward()
    state = [(name.removeprefix("layers.").replace("/", "."), tensor) for name, tensor in tensors.state(net)]
    return {
        "loss": tensors.rounded(loss.item()),
        "evaluation": [tensors.rounded(v) for v in net.eval()(x)[1].flatten().tolist()],
        "images": described(0, x.grad),
        "gradients": {name: described(i, tensor.grad) for i, (name, tensor) in enumerate(state) if tensor.requires_grad},
        "buffers": {name: described(i, tensor) for i, (name, tensor) in enumerate(state) if not tensor.requires_grad},
    }


def main():
    graphs = json.loads(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else FILE).read_text())
    lines = []
    for name, case in graphs["cases"].items():
        case = {"batch": case["batch"], "graph": case["graph"]}
        lines.append(f" {json.dumps(name, ensure_ascii=False)}: {json.dumps(case | result(case), separators=(',', ':'))}")
    FILE.write_text(f'{{"torch": "{torch.__version__}", "cases": {{\n' + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
