"""Runs ONNX files of a static batch in OpenCV: beside FILE.onnx are FILE.input and FILE.expected, float32."""
import sys

import cv2
import numpy as np

for path in sys.argv[1:]:
    name, *shape = path.split(":")
    images = np.fromfile(name + ".input", dtype=np.float32).reshape([int(size) for size in shape])
    expected = np.fromfile(name + ".expected", dtype=np.float32)
    network = cv2.dnn.readNetFromONNX(name + ".onnx")
    network.setInput(images)
    actual = network.forward().ravel()
    off = np.abs(actual - expected).max() / np.abs(expected).max()
    assert off < 1e-4, f"{name}: off by {off}"
print(len(sys.argv) - 1, "files run in OpenCV", cv2.__version__)
