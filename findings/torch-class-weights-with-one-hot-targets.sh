#!/usr/bin/env bash
# PyTorch: CrossEntropyLoss with class weights gives one loss for class numbers and another for the same targets written as one-hot probabilities.
# Guess: a one-hot row and its class number mean the same; whoever turns on mixup or cutmix only changes the form of the targets.
# Found: with class numbers the mean divides by the sum of the weights of the targets, with probabilities by the number of images. With an image of weight 5 alone in the
# batch the loss, and so its gradient, is five times as large.
# Needs: x64, apt-get with Debian 12's packages (250 MB).
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack_whole python3-torch=1.13.1+dfsg-4
cat >weights.py <<'P'
import torch
print("PyTorch", torch.__version__)
logits = torch.tensor([[0.0, 1.0, 2.0]])
loss = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 5.0]))
for k in range(3):
    print("class %d: by number %.4f, by one-hot row %.4f" % (k, loss(logits, torch.tensor([k])), loss(logits, torch.eye(3)[k:k + 1])))
P
python weights.py | expect 'PyTorch 1.13.0a0
class 0: by number 2.4076, by one-hot row 2.4076
class 1: by number 1.4076, by one-hot row 2.8152
class 2: by number 0.4076, by one-hot row 2.0380'
