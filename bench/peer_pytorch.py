#!/usr/bin/python3
"""One measurement of the benchmark's other side: a network's training and inference steps in PyTorch.

    OMP_NUM_THREADS=2 bench/peer_pytorch.py alexnet-d2l --batch-size 128 --mode bf16-cl [--warm-up 2] [--steps 8]

Modes: f32 and bf16 (CPU autocast), each also with the suffix -cl: weights and images in the channels_last memory format.
Prints one line of JSON. Times are medians over the steps, in milliseconds; the peak of the resident memory is taken after training
and before inference. A training step is zero_grad, forward, softmax cross-entropy, backward, SGD with momentum .9.
"""
import argparse
import json
import math
import os
import statistics
import time

import torch
from torch import nn

LEARNING_RATE, MOMENTUM = 0.001, 0.9  # small, so that many steps on one batch of noise stay finite


def lenet5():
    return (1, 28, 28), [
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.Tanh(),
        nn.Linear(120, 84), nn.Tanh(),
        nn.Linear(84, 10),
    ]


def alexnet_convolutions(channels, has_batch_norm):
    layers = []
    for filters, kernel, stride, padding, pools in [
        (96, 11, 4, 0, True), (256, 5, 1, 2, True), (384, 3, 1, 1, False), (384, 3, 1, 1, False), (256, 3, 1, 1, True),
    ]:
        layers.append(nn.Conv2d(channels, filters, kernel, stride, padding))
        layers += [nn.BatchNorm2d(filters)] if has_batch_norm else []
        layers.append(nn.ReLU())
        layers += [nn.MaxPool2d(3, stride=2)] if pools else []
        channels = filters
    return [*layers, nn.Flatten()]


def alexnet_d2l():
    layers = alexnet_convolutions(1, has_batch_norm=False)
    for inputs in (6400, 4096):
        layers += [nn.Linear(inputs, 4096), nn.ReLU(), nn.Dropout(0.5)]
    return (1, 224, 224), [*layers, nn.Linear(4096, 10)]


def alexnet_bn():
    layers = alexnet_convolutions(3, has_batch_norm=True)
    for inputs in (9216, 4096):
        layers += [nn.Dropout(0.5), nn.Linear(inputs, 4096), nn.ReLU()]
    return (3, 227, 227), [*layers, nn.Linear(4096, 10)]


def cnn_bn_leaky():
    layers = []
    for channels, filters, stride in [(3, 32, 2), (32, 64, 1), (64, 64, 2)]:
        layers += [nn.Conv2d(channels, filters, 3, stride, 1), nn.BatchNorm2d(filters), nn.LeakyReLU(0.1)]
    return (3, 32, 32), [*layers, nn.Flatten(), nn.Linear(4096, 128), nn.BatchNorm1d(128), nn.LeakyReLU(0.1), nn.Dropout(0.5), nn.Linear(128, 10)]


NETWORKS = {"lenet5": lenet5, "alexnet-d2l": alexnet_d2l, "alexnet-bn": alexnet_bn, "cnn-bn-leaky": cnn_bn_leaky}


def median_ms(work, warm_up, steps):
    times = []
    for _ in range(warm_up + steps):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times[warm_up:])


def peak_bytes():
    """Of this process alone: getrusage would begin at the size of the parent."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def blas_name():
    """The folder of the OpenBLAS in use names its threads: on Debian openblas-openmp, openblas-pthread or openblas-serial."""
    with open("/proc/self/maps") as maps:
        paths = [line.split()[-1] for line in maps if "blas" in line]
    return next((os.path.basename(os.path.dirname(path)) for path in paths if "openblas" in path), "not OpenBLAS")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--mode", choices=["f32", "f32-cl", "bf16", "bf16-cl"], required=True)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--steps", type=int, default=8)
    options = parser.parse_args()
    precision, _, channels_last = options.mode.partition("-")

    torch.manual_seed(0)
    shape, layers = NETWORKS[options.network]()
    network, images = nn.Sequential(*layers), torch.randn(options.batch_size, *shape)
    labels = torch.arange(options.batch_size) % 10
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    loss = None

    def forward():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            return network(images).float()

    def train():
        nonlocal loss
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(forward(), labels)
        loss.backward()
        optimizer.step()

    train_ms = median_ms(train, options.warm_up, options.steps)
    train_peak = peak_bytes()
    if not math.isfinite(loss.item()):
        raise SystemExit("the loss became NaN")
    network.eval()
    with torch.inference_mode():
        infer_ms = median_ms(forward, options.warm_up, options.steps)
    print(json.dumps({
        "train_ms": train_ms, "infer_ms": infer_ms, "train_peak_bytes": train_peak, "loss": loss.item(),
        "threads": torch.get_num_threads(), "library": f"PyTorch {torch.__version__} with {blas_name()}",
    }))


if __name__ == "__main__":
    main()
