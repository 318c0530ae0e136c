"""Writes torchvision_networks.json: what torchvision's networks are, for GoldenTorchvisionTests.

With Debian's python3-torchvision (0.14): python3 torchvision_networks.py > torchvision_networks.json

For each network: the names and shapes of its state dict, and the output shapes of its convolutions, normalizations, pools and fully
connected layers in the order in which they run on one image.
"""
import json
import torch
from torch import nn
from torchvision import models

NETWORKS = {
    "alexnet-torchvision": (models.alexnet, 224),
    **{f"vgg{depth}{bn.replace('_', '-')}": (getattr(models, f"vgg{depth}{bn}"), 224) for depth in (11, 13, 16, 19) for bn in ("", "_bn")},
    **{f"resnet{depth}": (getattr(models, f"resnet{depth}"), 224) for depth in (18, 34, 50)},
    "googlenet-bn": (lambda: models.googlenet(weights=None, aux_logits=False, init_weights=False), 224),
}
KINDS = (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.Linear)


def describe(make, size):
    network, shapes = make().eval(), []
    for module in network.modules():
        if isinstance(module, KINDS):
            module.register_forward_hook(lambda m, _, output: shapes.append(f"{type(m).__name__} {'x'.join(map(str, output.shape[1:]))}"))
    with torch.no_grad():
        network(torch.zeros(1, 3, size, size))
    state = {name: list(value.shape) for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    return {"parameters": sum(p.numel() for p in network.parameters()), "layers": shapes, "state": state}


torch.manual_seed(0)
print("{")
described = [f' {json.dumps(name)}: {json.dumps(describe(*how), separators=(",", ":"))}' for name, how in NETWORKS.items()]
print(",\n".join(described))
print("}")
