"""Writes TransformGolden.cs: what Pillow, torchvision and PyTorch make of some images, for TransformKernelTests to compare with.

Run: python3 transforms_golden.py > TransformGolden.cs   (made with Pillow 9.4.0, torchvision 0.14.1, PyTorch 1.13)
"""
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
    digits = bytes(np.ascontiguousarray(values).ravel().tolist()).hex()
    return ' +\n            '.join(f'"{digits[i:i + 120]}"' for i in range(0, len(digits), 120))


def floats(values, digits=6):
    return "[" + ", ".join(f"{v:.{digits}g}f" for v in values) + "]"


print("namespace Convolve.Tests.Data.Transforms;\n")
print("/// <summary>Written by transforms_golden.py; bytes are in hexadecimal.</summary>")
print("internal static class TransformGolden")
print("{")
print("    /// <summary>Three planes by TestData.Pixels, resized by Pillow; the first plane, without antialias in double precision and with it, by PyTorch; every so many.</summary>")
print("    public static readonly (int Height, int Width, int ToHeight, int ToWidth, int Every, string Pillow, float[] Plain, float[] Antialiased)[] Resizes =")
print("    [")
# Float64, since PyTorch's float32 gives other bits for one channel than for three, both up to 3e-3 away from it.
for h, w, th, tw, every in RESIZES:
    p = pixels(3, h, w)
    pil = planes(image(p).resize((tw, th), Image.BILINEAR)).ravel()[::every]
    x = p[:1][None]
    plain = F.interpolate(x.double(), size=(th, tw), mode="bilinear", align_corners=False).flatten()[::every]
    smoothed = F.interpolate(x.float(), size=(th, tw), mode="bilinear", align_corners=False, antialias=True).flatten()[::every]
    print(f"        ({h}, {w}, {th}, {tw}, {every},\n            {text(pil)},\n            {floats(plain.tolist(), 9)},\n            {floats(smoothed.tolist())}),")
print("    ];\n")

print("    /// <summary>Sizes, and what torchvision's Resize(256) and Resize(31) make of them.</summary>")
print("    public static readonly (int Height, int Width, int Height256, int Width256, int Height31, int Width31)[] ShorterSides =")
print("    [")
for h, w in SHORTER:
    a, b = (TF.resize(torch.zeros(1, h, w, dtype=torch.uint8), s).shape for s in (256, 31))
    print(f"        ({h}, {w}, {a[1]}, {a[2]}, {b[1]}, {b[2]}),")
print("    ];\n")

COLORS = smooth(3, 9, 13)
print("    /// <summary>A 3x9x13 image, and its changes: what, by how much, the result. Hue is that of torchvision on tensors, the others are Pillow's.</summary>")
print(f"    public static readonly string Colors = {text(COLORS)};\n")
print("    public static readonly (string Change, float Factor, string Result)[] ColorChanges =")
print("    [")
for name, change in (("brightness", TF.adjust_brightness), ("contrast", TF.adjust_contrast), ("saturation", TF.adjust_saturation)):
    for factor in (0.0, 0.37, 1.0, 1.25, 3.9):
        print(f'        ("{name}", {factor}f, {text(planes(change(image(COLORS), factor)))}),')
for factor in (-0.5, -0.2, 0.0, 0.1, 0.4):
    hue = FT._hsv2rgb(torch.stack([(FT._rgb2hsv(COLORS.double() / 255)[0] + factor) % 1, *FT._rgb2hsv(COLORS.double() / 255)[1:]]))
    print(f'        ("hue", {factor}f, {text((hue * 255).round().to(torch.uint8).numpy())}),')
print("    ];\n")

print("    /// <summary>The grey 1x9x13 part of it, with Pillow's contrast of 1.7.</summary>")
print(f"    public static readonly string GreyContrast = {text(planes(TF.adjust_contrast(image(COLORS[:1]), 1.7)))};\n")

print("    /// <summary>Three planes by TestData.Pixels turned by Pillow.</summary>")
print("    public static readonly (int Height, int Width, double Degrees, string Result)[] Rotations =")
print("    [")
for h, w, degrees in ((9, 9, 0.0), (9, 9, 17.3), (9, 9, -90.0), (8, 13, 33.75), (8, 13, -171.9), (12, 7, 5.5), (10, 10, 45.0), (1, 1, 20.0), (1, 6, -14.0)):
    print(f"        ({h}, {w}, {degrees}, {text(planes(TF.rotate(image(pixels(3, h, w)), degrees, TF.InterpolationMode.BILINEAR)))}),")
print("    ];\n")

print("    /// <summary>Three planes by TestData.Pixels, 5 high and 7 wide, padded 3 by reflection, by torchvision.</summary>")
print(f"    public static readonly string Reflected = {text(TF.pad(pixels(3, 5, 7), 3, padding_mode='reflect').numpy())};\n")

print("    /// <summary>Sizes, crop sizes, and the middle that torchvision cuts out of a plane by TestData.Pixels.</summary>")
print("    public static readonly (int Height, int Width, int ToHeight, int ToWidth, string Result)[] CenterCrops =")
print("    [")
for h, w, th, tw in ((7, 7, 4, 4), (8, 9, 3, 4), (9, 6, 6, 3), (5, 5, 5, 5), (11, 4, 2, 1)):
    print(f"        ({h}, {w}, {th}, {tw}, {text(TF.center_crop(pixels(1, h, w), (th, tw)).numpy())}),")
print("    ];\n")

i = torch.arange(3 * 6 * 5 * 4)
samples = (i * i * 7 + i * 3 + i // 5) % 256
c = samples.reshape(6, 3, 20).permute(1, 0, 2).reshape(3, -1).double() / 255
centered = c - c.mean(1, keepdim=True)
values, vectors = torch.linalg.eigh(centered @ centered.T / c.shape[1])
print("    /// <summary>Of six images of 3x4x5, whose bytes are (7 i^2 + 3 i + i / 5) mod 256: eigenvalues from the largest, and their eigenvectors.</summary>")
print(f"    public static readonly float[] Eigenvalues = {floats(values.flip(0).tolist())};\n")
print(f"    public static readonly float[] Eigenvectors = {floats(vectors.flip(1).T.flatten().tolist())};")
print("}")
