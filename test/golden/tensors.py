"""The numbers of the golden files: weights, images, labels, sampled places and projections, from one integer hash.

The tests compute them bit for bit alike (test/Convolve.Testing/GoldenTensors.cs), so that the files hold results only: change both or neither.
"""
import math

import numpy as np
import torch

IMAGES, LABELS, SAMPLES, PROJECTIONS = 1000, 2000, 3000, 4000  # where the streams of tensor numbers start
PROJECTION_COUNT, BATCHES = 4, 2
VECTOR_SCALE = np.float32(0.125)


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


def state(net):
    """The parameters, then the buffers that are not counters: a tensor's place here is its number."""
    return list(net.named_parameters()) + [(name, buffer) for name, buffer in net.named_buffers() if buffer.is_floating_point()]


def role(net, name):
    """What a tensor is to its layer, as the library's ParameterRole says: its name alone does not, nor does the number of its dimensions."""
    owner, _, kind = name.rpartition(".")
    layer = net.get_submodule(owner)
    if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
        return {"weight": "scale", "bias": "shift", "running_mean": "mean", "running_var": "variance"}[kind]
    return "slope" if isinstance(layer, torch.nn.PReLU) else kind


def reset(net):
    """Weights Kaiming uniform; scales of normalizations and running variances in 7/8 to 9/8; all else in plus or minus 1/8."""
    for i, (name, tensor) in enumerate(state(net)):
        numbers = values(i, tensor.numel())
        if role(net, name) == "weight":
            numbers = numbers * np.float32(math.sqrt(6.0 / (tensor.numel() // tensor.shape[0])))
        else:
            numbers = numbers * VECTOR_SCALE + np.float32(1 if role(net, name) in ("scale", "variance") else 0)
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(numbers).reshape(tensor.shape))
        tensor.grad = None


def images(shape, batch, seed, number):
    return torch.from_numpy(values(IMAGES + BATCHES * seed + number, batch * math.prod(shape)).reshape(batch, *shape))


def labels(batch, seed, number, classes=10):
    return torch.from_numpy((bits(LABELS + BATCHES * seed + number, batch) % classes).astype(np.int64))


def projections(i, flat, count=PROJECTION_COUNT):
    return [rounded(flat @ values(PROJECTIONS + PROJECTION_COUNT * i + p, flat.size).astype(np.float64)) for p in range(count)]


def rounded(x):
    return float(f"{x:.9e}")
