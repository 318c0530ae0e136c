#!/usr/bin/env bash
# PyTorch: a tensor in the oneDNN layout (to_mkldnn) computes relu and max_pool2d of NaN differently from an ordinary one.
# Guess: the layout changes speed and nothing else; both functions propagate NaN, as PyTorch documents for max pooling.
# Found: with to_mkldnn, relu(NaN) is 0 and the maximum of NaN and 1, 2, 3 is 3. A model that is converted for faster inference answers where the original says NaN.
# Needs: x64, apt-get with Debian 12's packages (250 MB).
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack_whole python3-torch=1.13.1+dfsg-4
cat >nan.py <<'P'
import torch
print("PyTorch", torch.__version__)
x = torch.tensor([[[[float("nan"), 1.0], [2.0, 3.0]]]])
for name, f in (("relu", torch.relu), ("max_pool2d", lambda t: torch.nn.functional.max_pool2d(t, 2))):
    print(f"{name}: ordinary {f(x).flatten().tolist()}, mkldnn {f(x.to_mkldnn()).to_dense().flatten().tolist()}")
P
python nan.py | expect 'PyTorch 1.13.0a0
relu: ordinary [nan, 1.0, 2.0, 3.0], mkldnn [0.0, 1.0, 2.0, 3.0]
max_pool2d: ordinary [nan], mkldnn [3.0]'
