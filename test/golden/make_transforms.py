#!/usr/bin/python3
"""Writes transforms.json: what Pillow, torchvision and PyTorch make of some images, for TransformGoldenTests to compare with.

    /usr/bin/python3 test/golden/make_transforms.py    (Debian's python3-pil and python3-torchvision: Pillow 9.4.0, torchvision 0.14.1)

Bytes are in hexadecimal. Pictures are planes of the bytes that TestData.Pixels makes, unless a comment says otherwise.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
import torchvision.transforms.functional_tensor as FT
from PIL import Image

RESIZES = [  # source height, width, target height, width, every n-th byte is kept
    (32, 32, 70, 70, 101), (32, 32, 227, 227, 1499), (70, 70, 32, 32, 23), (20, 37, 9, 53, 5), (5, 7, 3, 4, 1), (3, 3, 7, 5, 1), (1, 1, 4, 3, 1),
    (17, 16, 16, 17, 3), (64, 48, 8, 6, 1), (9, 100, 9, 31, 7), (100, 9, 31, 9, 7), (256, 200, 224, 224, 1999), (40, 40, 1, 1, 1), (15, 15, 15, 40, 11),
]
SHORTER = [(3, 5), (500, 375), (375, 500), (333, 500), (32, 32), (1, 7), (1023, 767)]


def pixels(channels, height, width):
    i = torch.arange(channels * height * width)
    return ((37 * i + 11 * i * i + i // 8) % 256).reshape(channels, height, width).to(torch.uint8)


def smooth(channels, height, width):
    y, x, c = torch.meshgrid(torch.arange(height), torch.arange(width), torch.arange(channels), indexing="ij")
    return ((3 * x + 5 * y + 70 * c + (x * y) // 4) % 256).permute(2, 0, 1).contiguous().to(torch.uint8)


def image(planes):
    return Image.fromarray(planes[0].numpy() if len(planes) == 1 else planes.permute(1, 2, 0).contiguous().numpy())


def planes(img):
    a = np.asarray(img)
    return a[None] if a.ndim == 2 else a.transpose(2, 0, 1)


def text(values):
    return bytes(np.ascontiguousarray(values).ravel().tolist()).hex()


def floats(values, digits=6):
    return [float(f"{v:.{digits}g}") for v in values.tolist()]


def resize(height, width, to_height, to_width, every):
    """Three planes, by Pillow; the first plane, without antialiasing in double precision and with it, by PyTorch."""
    source = pixels(3, height, width)
    first, to = source[:1][None], (to_height, to_width)
    # Float64, since PyTorch's float32 gives other bits for one channel than for three, both up to 3e-3 away from it.
    plain = F.interpolate(first.double(), size=to, mode="bilinear", align_corners=False).flatten()[::every]
    smoothed = F.interpolate(first.float(), size=to, mode="bilinear", align_corners=False, antialias=True).flatten()[::every]
    return dict(height=height, width=width, toHeight=to_height, toWidth=to_width, every=every,
                pillow=text(planes(image(source).resize((to_width, to_height), Image.BILINEAR)).ravel()[::every]),
                plain=floats(plain, 9), antialiased=floats(smoothed))


def shorter_side(height, width):
    """What torchvision's Resize(256) and Resize(31) make of a size."""
    a, b = (TF.resize(torch.zeros(1, height, width, dtype=torch.uint8), size).shape for size in (256, 31))
    return dict(height=height, width=width, height256=a[1], width256=a[2], height31=b[1], width31=b[2])


def color_changes(colors):
    """Hue is that of torchvision on tensors, the others are Pillow's."""
    for name, change in (("brightness", TF.adjust_brightness), ("contrast", TF.adjust_contrast), ("saturation", TF.adjust_saturation)):
        for factor in (0.0, 0.37, 1.0, 1.25, 3.9):
            yield dict(change=name, factor=factor, result=text(planes(change(image(colors), factor))))
    for factor in (-0.5, -0.2, 0.0, 0.1, 0.4):
        hue, saturation, value = FT._rgb2hsv(colors.double() / 255)
        result = FT._hsv2rgb(torch.stack([(hue + factor) % 1, saturation, value]))
        yield dict(change="hue", factor=factor, result=text((result * 255).round().to(torch.uint8).numpy()))


def rotation(height, width, degrees):
    turned = TF.rotate(image(pixels(3, height, width)), degrees, TF.InterpolationMode.BILINEAR)
    return dict(height=height, width=width, degrees=degrees, result=text(planes(turned)))


def center_crop(height, width, to_height, to_width):
    return dict(height=height, width=width, toHeight=to_height, toWidth=to_width,
                result=text(TF.center_crop(pixels(1, height, width), (to_height, to_width)).numpy()))


def components():
    """Of six images of 3x4x5, whose bytes are (7 i^2 + 3 i + i / 5) mod 256: eigenvalues from the largest, and their eigenvectors."""
    i = torch.arange(3 * 6 * 5 * 4)
    samples = (i * i * 7 + i * 3 + i // 5) % 256
    c = samples.reshape(6, 3, 20).permute(1, 0, 2).reshape(3, -1).double() / 255
    centered = c - c.mean(1, keepdim=True)
    values, vectors = torch.linalg.eigh(centered @ centered.T / c.shape[1])
    return dict(eigenvalues=floats(values.flip(0)), eigenvectors=floats(vectors.flip(1).T.flatten()))


COLORS = smooth(3, 9, 13)
GOLDEN = dict(
    resizes=[resize(*case) for case in RESIZES],
    shorterSides=[shorter_side(*case) for case in SHORTER],
    colors=text(COLORS),
    colorChanges=list(color_changes(COLORS)),
    greyContrast=text(planes(TF.adjust_contrast(image(COLORS[:1]), 1.7))),  # one plane of the colors, by Pillow
    rotations=[rotation(*case) for case in (
        (9, 9, 0.0), (9, 9, 17.3), (9, 9, -90.0), (8, 13, 33.75), (8, 13, -171.9), (12, 7, 5.5), (10, 10, 45.0), (1, 1, 20.0), (1, 6, -14.0))],
    reflected=text(TF.pad(pixels(3, 5, 7), 3, padding_mode="reflect").numpy()),
    centerCrops=[center_crop(*case) for case in ((7, 7, 4, 4), (8, 9, 3, 4), (9, 6, 6, 3), (5, 5, 5, 5), (11, 4, 2, 1))],
    **components())
lines = ",\n".join(f' "{name}": {json.dumps(value)}' for name, value in GOLDEN.items())
pathlib.Path(__file__).with_name("transforms.json").write_text(f"{{\n{lines}\n}}\n")
