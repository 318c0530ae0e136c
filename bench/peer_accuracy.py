#!/usr/bin/python3
"""The other side of the experiment cifar-cnn-bn: cnn-bn-leaky in PyTorch by the same recipe, on the same files.

    OMP_NUM_THREADS=2 bench/peer_accuracy.py FOLDER --epochs 5 --seeds 3     # the folder of data_batch_1.bin and its kin
    convolve reproduce cifar-cnn-bn --epochs 5 --seeds 3 --precision f32 --data-dir FOLDER

Pixels to [-1, 1], a tenth for validation, batches of 256, SGD of .1 with momentum .9; the plateau's first cut would come after more epochs
than this is for. The weights of the epoch with the best validation accuracy are tested. Prints a line of JSON for each seed.
"""
import argparse
import copy
import json
import os
import time

import numpy as np
import torch
from torch import nn

from peer_pytorch import NETWORKS

BATCH, RATE, MOMENTUM = 256, 0.1, 0.9


def read(folder, names):
    records = np.concatenate([np.fromfile(os.path.join(folder, name), np.uint8).reshape(-1, 3073) for name in names])
    return torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32)).float() / 127.5 - 1, torch.from_numpy(records[:, 0].astype(np.int64))


def accuracy(network, images, labels):
    network.eval()
    with torch.inference_mode():
        right = sum((network(images[i:i + 1000]).argmax(1) == labels[i:i + 1000]).sum().item() for i in range(0, len(images), 1000))
    network.train()
    return right / len(images)


def run(seed, epochs, train, test):
    torch.manual_seed(seed)
    order = torch.randperm(len(train[0]))
    kept = len(order) // 10
    validation, (images, labels) = [part[order[:kept]] for part in train], [part[order[kept:]] for part in train]
    network = nn.Sequential(*NETWORKS["cnn-bn-leaky"]()[1])
    optimizer, criterion = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM), nn.CrossEntropyLoss()
    curve, best, weights, start = [], -1, None, time.perf_counter()
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            criterion(network(images[batch]), labels[batch]).backward()
            optimizer.step()
        curve.append(round(accuracy(network, *validation), 4))
        if curve[-1] > best:
            best, weights = curve[-1], copy.deepcopy(network.state_dict())
    seconds = time.perf_counter() - start
    network.load_state_dict(weights)
    return {"seed": seed, "validation": curve, "test": accuracy(network, *test), "seconds": round(seconds, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    train = read(options.folder, [f"data_batch_{i}.bin" for i in range(1, 6)])
    test = read(options.folder, ["test_batch.bin"])
    for seed in range(options.seeds):
        print(json.dumps(run(seed, options.epochs, train, test)), flush=True)


if __name__ == "__main__":
    main()
