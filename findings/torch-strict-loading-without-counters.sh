#!/usr/bin/env bash
# PyTorch: whether strict loading misses num_batches_tracked depends on an attribute of the dictionary, not on the tensors in it.
# Guess: load_state_dict(strict=True) refuses a state dict without a key that the module has, so files for PyTorch need every counter of every batch normalization.
# Found: a plain dict without num_batches_tracked loads, and the module's counter goes back to 0. The same tensors with the _metadata that state_dict() attaches, which says
# version 2, are refused. Pickled files carry _metadata; safetensors files can't, so what strict loading takes differs from format to format.
# Needs: x64, apt-get with Debian 12's packages (250 MB).
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack_whole python3-torch=1.13.1+dfsg-4
cat >strict.py <<'P'
import collections
import torch
print("PyTorch", torch.__version__)
net = torch.nn.BatchNorm2d(2)
net.num_batches_tracked += 7
whole = net.state_dict()
part = {name: tensor for name, tensor in whole.items() if name != "num_batches_tracked"}
print("plain dict:", net.load_state_dict(part, strict=True), "counter", int(net.num_batches_tracked))
told = collections.OrderedDict(part)
told._metadata = whole._metadata
try:
    net.load_state_dict(told, strict=True)
    print("with _metadata: loaded")
except RuntimeError as error:
    print("with _metadata:", str(error).splitlines()[1].strip())
print("version", whole._metadata[""]["version"])
P
python strict.py | expect 'PyTorch 1.13.0a0
plain dict: <All keys matched successfully> counter 0
with _metadata: Missing key(s) in state_dict: "num_batches_tracked".
version 2'
