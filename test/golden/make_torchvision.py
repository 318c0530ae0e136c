#!/usr/bin/python3
"""Writes torchvision.json: the names and shapes of the state dicts of torchvision's networks that Convolve has too.

    /usr/bin/python3 test/golden/make_torchvision.py

With 7 classes, and GoogLeNet without its auxiliary classifiers. Counters of batches are left out: nothing is computed from them.
"""
import json
import pathlib

import torchvision

NETWORKS = {"alexnet-torchvision": "alexnet", "vgg11": "vgg11", "vgg16": "vgg16", "vgg13-bn": "vgg13_bn", "vgg19-bn": "vgg19_bn",
            "resnet18": "resnet18", "resnet34": "resnet34", "resnet50": "resnet50", "googlenet-bn": "googlenet"}


def state(name):
    options = dict(aux_logits=False, init_weights=False) if name == "googlenet" else {}
    net = getattr(torchvision.models, name)(num_classes=7, **options)
    return {key: list(tensor.shape) for key, tensor in net.state_dict().items() if not key.endswith("num_batches_tracked")}


networks = ",\n".join(f" {json.dumps(ours)}: {json.dumps(state(theirs))}" for ours, theirs in NETWORKS.items())
pathlib.Path(__file__).with_name("torchvision.json").write_text(f"{{\n{networks}\n}}\n")
