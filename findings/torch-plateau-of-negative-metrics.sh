#!/usr/bin/env bash
# PyTorch: ReduceLROnPlateau in mode 'max' takes a worse value for a better one when the metric is negative.
# Guess: with a relative threshold of 0.1, a metric must rise by 10 % of its size to count as better.
# Found: the value to beat is best * 1.1. From -1 that is -1.1, which is below: -1.05 counts as the new best, then -1.12, and so on down; the rate is never cut.
# Needs: x64, apt-get with Debian 12's packages (250 MB).
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack_whole python3-torch=1.13.1+dfsg-4
cat >plateau.py <<'P'
import torch
print("PyTorch", torch.__version__)
for sign in (1, -1):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", patience=0, threshold=0.1)
    for k in range(4):
        value = sign * 1.0 - 0.05 * k
        plateau.step(value)
        print("metric %.2f: best %.2f, rate %g" % (value, plateau.best, optimizer.param_groups[0]["lr"]))
P
python plateau.py | expect 'PyTorch 1.13.0a0
metric 1.00: best 1.00, rate 1
metric 0.95: best 1.00, rate 0.1
metric 0.90: best 1.00, rate 0.01
metric 0.85: best 1.00, rate 0.001
metric -1.00: best -1.00, rate 1
metric -1.05: best -1.05, rate 1
metric -1.10: best -1.10, rate 1
metric -1.15: best -1.15, rate 1'
