"""Writes ResizeGolden.cs: what PyTorch makes of some images, for ImagePipelineTests to compare with.

Run: python3 resize_golden.py > ResizeGolden.cs   (made with PyTorch 1.13; the rule has not changed since)

In float64: PyTorch's own float32 is up to 2e-6 away from it.
"""
import torch
import torch.nn.functional as F

CASES = [  # source height, width, target height, width, every n-th value is kept
    (28, 28, 224, 224, 997), (28, 28, 32, 32, 17), (5, 7, 3, 4, 1), (3, 3, 7, 5, 1), (2, 2, 1, 1, 1), (1, 1, 3, 2, 1),
    (7, 5, 7, 11, 1), (5, 7, 11, 7, 1), (4, 4, 4, 4, 1), (50, 37, 19, 23, 7), (32, 32, 227, 227, 1009), (29, 31, 224, 200, 887),
]
HALVES = [0.0, -0.0, 1.0, -1.0, 1.00390625, 1.01171875, 1.0039063, 1.0039062, 3.1415927, -2.7182817, 1e-40, -1e-45, 6e-39, 65504.0,
          3.3895314e38, 3.4e38, -3.4e38, 0.1, 1 / 3, 2.1179039, -2.117904, float("inf"), float("-inf")]


def floats(values):
    return ", ".join(f"{v:.9g}f" for v in values)


def wrap(text, width=125):
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > width:
            lines.append(line.rstrip())
            line = ""
        line += word + " "
    return ("\n            ").join(lines + [line.rstrip()])


print("namespace Convolve.Tests.Data;\n")
print("/// <summary>Written by resize_golden.py.</summary>")
print("internal static class ResizeGolden")
print("{")
print("    /// <summary>Pixel i of the source is (37 i + 11 i^2 + i / 8) mod 256; values are those of byte / 255, every so many.</summary>")
print("    public static readonly (int Height, int Width, int ToHeight, int ToWidth, int Every, float[] Values)[] Cases =")
print("    [")
for h, w, th, tw, every in CASES:
    i = torch.arange(h * w)
    x = ((37 * i + 11 * i * i + i // 8) % 256).reshape(1, 1, h, w).double() / 255
    y = F.interpolate(x, size=(th, tw), mode="bilinear", align_corners=False).flatten()[::every]
    print(f"        ({h}, {w}, {th}, {tw}, {every},\n        [\n            {wrap(floats(y.tolist()))},\n        ]),")
print("    ];\n")
values = torch.tensor(HALVES)
bits = values.bfloat16().view(torch.int16).int() & 0xFFFF
print("    /// <summary>The bits of floats, and of the bfloat16 they round to.</summary>")
print("    public static readonly (uint Single, int BFloat16)[] Roundings =")
print("    [")
for b, s in zip(values.view(torch.int32).tolist(), bits.tolist()):
    print(f"        (0x{b & 0xFFFFFFFF:08X}, 0x{s:04X}),")
print("    ];")
print("}")
