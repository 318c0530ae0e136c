#!/usr/bin/python3
"""Writes class-weights.json: PyTorch's CrossEntropyLoss with weight, in float64, for batches of logits.

    /usr/bin/python3 test/golden/make_class_weights.py

Logits are multiples of 2^-8 in [-4, 4), so that the file holds them exactly; weights are multiples of 2^-4. Each case has the loss and its gradient, with class
numbers as targets, with label smoothing, and with probabilities as targets, as mixup and cutmix make them. Our loss kernel computes in double precision from float32
exponentials and writes float32 gradients: 1e-6 of the largest gradient is some ten roundings.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

CLASSES, BATCH = 5, 7


def case(seed, smoothing, mixed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randint(-1024, 1024, (BATCH, CLASSES), generator=generator).double() / 256
    labels = torch.randint(0, CLASSES, (BATCH,), generator=generator)
    seconds = labels.flip(0)
    weight = torch.randint(1, 64, (CLASSES,), generator=generator).double() / 16
    share = 0.6875
    target = labels if not mixed else share * F.one_hot(labels, CLASSES).double() + (1 - share) * F.one_hot(seconds, CLASSES).double()
    logits.requires_grad_(True)
    loss = F.cross_entropy(logits, target, weight=weight, label_smoothing=smoothing)
    loss.backward()
    return dict(logits=logits.flatten().tolist(), labels=labels.tolist(), seconds=seconds.tolist() if mixed else None, share=share, weights=weight.tolist(),
                smoothing=smoothing, loss=loss.item(), gradient=logits.grad.flatten().tolist())


CASES = [case(1, 0, False), case(2, 0.125, False), case(3, 0, True), case(4, 0.125, True)]
pathlib.Path(__file__).with_name("class-weights.json").write_text(json.dumps(dict(torch=torch.__version__, classes=CLASSES, batch=BATCH, cases=CASES), indent=1) + "\n")
