#!/usr/bin/python3
"""Writes gradcam.json: Grad-CAM (Selvaraju et al. 2017) by PyTorch's autograd in float64, for networks of make_golden.py in evaluation.

    /usr/bin/python3 test/golden/make_gradcam.py

Each case has a layer by our name and the same place in PyTorch's chain, a class, and the map: weights of the feature maps are the mean gradients of the class's logit,
and the sum is cut at 0. Layers before batch normalization and shortcuts are among them, whose gradients must be those of the running averages. float32 kernels with
Winograd are within 2e-5 of the largest value (the tests ask for 5e-5).
"""
import json
import pathlib

import torch

import make_golden
from tensors import images, reset, rounded

# The network's name here, our layer, the module of the chain whose output it is, the class.
CASES = [("lenet5-relu-max", "relu2", 4, 3), ("lenet5-relu-max", "conv1", 0, 7), ("cnn-bn-leaky", "relu3", 8, 2), ("cnn-bn-leaky", "conv1", 0, 5),
         ("resnet20", "layer3.2.relu2", 5, 1), ("resnet20", "relu1", 2, 9)]


def case(name, layer, module, label):
    zoo, options, layers, shape, *_ = make_golden.NETWORKS[name]
    net = make_golden.Network(layers()).double()
    reset(net)
    net.eval()
    x = images(shape, 1, 0, 0).double()
    for i, step in enumerate(net):
        x = step(x)
        if i == module:
            kept = x.detach().requires_grad_(True)
            x = kept * 1
    x[0, label].backward()
    weights = kept.grad[0].mean((1, 2))
    cam = torch.relu((weights[:, None, None] * kept.detach()[0]).sum(0))
    assert cam.max() > 0, f"{name} {layer}: choose another class, this map is empty"
    return dict(network=zoo, options=options, layer=layer, label=label, height=cam.shape[0], width=cam.shape[1], map=[rounded(v) for v in cam.flatten().tolist()])


pathlib.Path(__file__).with_name("gradcam.json").write_text(
    json.dumps(dict(torch=torch.__version__, cases=[case(*c) for c in CASES]), indent=1).replace(",\n    ", ", ") + "\n")
