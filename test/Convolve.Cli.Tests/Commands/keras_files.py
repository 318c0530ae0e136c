#!/usr/bin/python3
"""Writes the weights of a .safetensors file with Keras's names as Keras's own files, as its sources do: there is no package of Keras here.

    keras_files.py WEIGHTS FOLDER

keras/src/legacy/saving/legacy_h5_format.py: legacy.h5, with the layers in the order of the network and names that don't tell it; pieces.h5, the same
with the list of names in pieces. keras/src/saving/saving_lib.py: numbered.weights.h5, model.keras, and 16-bit and 64-bit numbers.
"""
import json
import os
import struct
import sys
import zipfile

import h5py
import numpy

LAYERS = ["conv2d", "conv2d_1", "dense", "dense_1", "dense_2"]
NAMES = ["zeta", "alpha", "mu", "beta", "kappa"]


def read(path):
    with open(path, "rb") as file:
        content = file.read()
    start = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:start])
    return {name: numpy.frombuffer(content[start + t["data_offsets"][0]:start + t["data_offsets"][1]], numpy.float32).reshape(t["shape"])
            for name, t in header.items()}


def legacy(weights, path, pieces):
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        group = file.create_group("model_weights")
        names = ["input_1"] + NAMES
        if pieces:
            group.attrs["layer_names0"], group.attrs["layer_names1"] = [n.encode() for n in names[:3]], [n.encode() for n in names[3:]]
        else:
            group.attrs["layer_names"] = [n.encode() for n in names]
        group.create_group("input_1").attrs["weight_names"] = numpy.array([], dtype="S1")
        for name, layer in zip(NAMES, LAYERS):
            below = group.create_group(name)
            below.attrs["weight_names"] = [f"{name}/{variable}:0".encode() for variable in ("kernel", "bias")]
            for variable in ("kernel", "bias"):
                below.create_dataset(f"{name}/{variable}:0", data=weights[f"{layer}/{variable}:0"], compression="gzip" if pieces else None)


def numbered(weights, path, kind):
    with h5py.File(path, "w") as file:
        file.create_group("optimizer/vars").create_dataset("0", data=numpy.int64(7))
        for layer in LAYERS:
            group = file.create_group(f"layers/{layer}/vars")
            for i, variable in enumerate(("kernel", "bias")):
                value = weights[f"{layer}/{variable}:0"]
                if kind == "bfloat16":
                    group.create_dataset(str(i), data=(value.view(numpy.uint32) >> 16).astype(numpy.uint16)).attrs["dtype"] = "bfloat16"
                else:
                    group.create_dataset(str(i), data=value.astype(kind))
        file.create_group("layers/dropout/vars")


def main(source, folder):
    weights = read(source)
    legacy(weights, os.path.join(folder, "legacy.h5"), pieces=False)
    legacy(weights, os.path.join(folder, "pieces.h5"), pieces=True)
    for kind in ("float32", "float64", "float16", "bfloat16"):
        numbered(weights, os.path.join(folder, f"{kind}.weights.h5"), kind)
    with zipfile.ZipFile(os.path.join(folder, "model.keras"), "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.write(os.path.join(folder, "float32.weights.h5"), "model.weights.h5")


main(*sys.argv[1:])
