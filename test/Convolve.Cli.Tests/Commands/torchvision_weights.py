#!/usr/bin/python3
"""Makes torchvision's networks with random weights, and compares files of weights. Debian has no library for safetensors: it is read here.

    torchvision_weights.py make NETWORK WEIGHTS PHOTO     # prints the probabilities of PHOTO, which is made, as JSON
    torchvision_weights.py compare NETWORK ONE OTHER      # loads OTHER into the network, and compares its results with ONE's
"""
import json
import struct
import sys

import numpy
import torch
import torchvision
from PIL import Image

CLASSES = 7


def write(state, path):
    header, data, end = {}, [], 0
    for name in sorted(state):
        bytes_ = state[name].detach().contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.int64: "I64"}[state[name].dtype]
        header[name] = {"dtype": kind, "shape": list(state[name].shape), "data_offsets": [end, end + len(bytes_)]}
        end += len(bytes_)
        data.append(bytes_)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def read(path):
    with open(path, "rb") as file:
        content = file.read()
    start = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    kinds = {"F32": numpy.float32, "I64": numpy.int64}
    return {name: torch.from_numpy(numpy.frombuffer(content[start + t["data_offsets"][0]:start + t["data_offsets"][1]], kinds[t["dtype"]])
                                   .reshape(t["shape"]).copy()) for name, t in header.items()}


def network(name):
    torch.manual_seed(1)
    options = dict(aux_logits=False, transform_input=True, init_weights=False) if name == "googlenet" else {}
    net = getattr(torchvision.models, name)(num_classes=CLASSES, **options)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return net.eval()


def timm(state):
    """timm/models/vgg.py: the fully connected layers are a 7x7 and a 1x1 convolution."""
    places = {"classifier.0": ("pre_logits.fc1", 7), "classifier.3": ("pre_logits.fc2", 1), "classifier.6": ("head.fc", 0)}
    renamed = {}
    for name, tensor in state.items():
        layer, _, kind = name.rpartition(".")
        theirs, kernel = places.get(layer, (layer, 0))
        renamed[f"{theirs}.{kind}"] = tensor.reshape(tensor.shape[0], -1, kernel, kernel) if kernel and kind == "weight" else tensor
    return renamed


def make(name, weights, photo):
    is_timm = name.startswith("timm_")
    net = network(name.removeprefix("timm_"))
    write(timm(net.state_dict()) if is_timm else net.state_dict(), weights)
    y, x = numpy.mgrid[0:300, 0:400]
    pixels = numpy.stack([x * 255 // 399, y * 255 // 299, (x * y // 37) % 256], axis=2).astype(numpy.uint8)
    image = Image.fromarray(pixels)
    image.save(photo)
    steps = torchvision.transforms.Compose([
        torchvision.transforms.Resize(256), torchvision.transforms.CenterCrop(224), torchvision.transforms.ToTensor(),
        torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
    with torch.no_grad():
        print(json.dumps(net(steps(image)[None]).softmax(1)[0].tolist()))


def compare(name, one, other):
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(3))
    results = []
    for path in (one, other):
        net = network(name)
        net.load_state_dict(read(path))  # strict: every name must be there
        with torch.no_grad():
            results.append(net(images))
    print("equal" if torch.equal(*results) else "different")


{"make": make, "compare": compare}[sys.argv[1]](*sys.argv[2:])
