"""Makes the golden pictures: small JPEG, PNG, WebP, BMP and GIF files of every kind, and what PIL makes of them.

Run with Debian's python3 (python3-pil, python3-numpy; cjpeg of libjpeg-turbo-progs) in this folder: python3 make_golden.py
pictures.json: for each file its name, its bytes, height and width as shown, and convert("RGB") and convert("L") after ImageOps.exif_transpose,
row by row. Of 16 bit grey, which PIL clips at 255, the upper byte is taken, as PIL does for 16 bit colour.
"""
import base64
import io
import json
import struct
import subprocess
import tempfile
import zlib

import numpy as np
from PIL import Image, ImageOps

random = np.random.default_rng(1)
cases = []


def picture(height, width, channels):
    """Smooth shapes with some noise, as pictures have."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / (3 + c) + c) * np.cos(y / (4 + c)) + random.normal(0, 12, (height, width)) for c in range(channels)]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def add(name, data, orientation=None):
    image = Image.open(io.BytesIO(data))
    image.load()
    if orientation is not None:
        turns = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
                 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90}
        turned = image.transpose(turns[orientation]) if orientation > 1 else image
        if not name.startswith(("late", "odd")):
            assert np.array_equal(np.asarray(turned), np.asarray(ImageOps.exif_transpose(image))), name
        image = turned
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).astype(np.int64) >> 8).astype(np.uint8))
    cases.append({"name": name, "height": image.height, "width": image.width,
                  "channels": 1 if image.mode in ("1", "L", "LA") or "grey-alpha-16" in name or name in ("bmp-1", "gif-grey") else 3,  # PIL opens these otherwise
                  "file": base64.b64encode(data).decode(),
                  "rgb": base64.b64encode(np.asarray(image.convert("RGB")).tobytes()).decode(),
                  "grey": base64.b64encode(np.asarray(image.convert("L")).tobytes()).decode()})


# JPEG

def jpeg(array, mode=None, **options):
    buffer = io.BytesIO()
    Image.fromarray(array.squeeze(), mode).save(buffer, "JPEG", **{"quality": 85, **options})
    return buffer.getvalue()


def segments(data):
    """Of the head: (marker, content) up to the first scan, and the rest."""
    at, found = 2, []
    while data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2:at + 4])[0]
        found.append((data[at + 1], data[at + 4:at + 2 + length]))
        at += 2 + length
    return found, data[at:]


def joined(head, rest):
    return b"\xff\xd8" + b"".join(bytes([0xFF, m]) + struct.pack(">H", len(c) + 2) + c for m, c in head) + rest


def adobe(transform):
    return 0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)


def tiff(orientation, order="<", kind=3, others=3):
    """A TIFF header with one directory: some other tags, then the orientation."""
    entries = [struct.pack(order + "HHII", 0x0100 + i, 4, 1, i) for i in range(others)]
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *((orientation, 0) if kind == 3 else (orientation,)))
    entries.append(struct.pack(order + "HHI", 0x0112, kind, 1) + value)
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(entries)) + b"".join(entries) + b"\0\0\0\0"


colour, grey = picture(21, 29, 3), picture(21, 29, 1)
for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
    add(f"jpeg-{name}", jpeg(colour, subsampling=sampling))
add("jpeg-progressive", jpeg(colour, progressive=True))
add("jpeg-optimised-q30", jpeg(colour, quality=30, optimize=True))
add("jpeg-grey", jpeg(grey))
add("jpeg-grey-progressive", jpeg(grey, progressive=True))
add("jpeg-1x1", jpeg(colour[:1, :1]))
add("jpeg-wide", jpeg(picture(3, 200, 3)))
head, rest = segments(jpeg(colour))
add("jpeg-rgb", joined([adobe(0)] + [s for s in head if s[0] != 0xE0], rest))
add("jpeg-fill-bytes", joined(head[:2], b"").replace(b"\xff\xdb", b"\xff\xff\xff\xff\xdb") + joined(head[2:], rest)[2:])
add("jpeg-bytes-behind-the-end", jpeg(colour) + b"more bytes, of a camera")
add("jpeg-comment", joined([head[0], (0xFE, b"a comment \xff\xd9\xff\xda"), (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")] + head[1:], rest))
inks = picture(21, 29, 4)
cmyk = jpeg(inks, "CMYK")
add("jpeg-cmyk", cmyk)
add("jpeg-cmyk-progressive", jpeg(inks, "CMYK", progressive=True))
head, rest = segments(cmyk)
assert any(m == 0xEE and c[11] == 0 for m, c in head)
add("jpeg-ycck", joined([adobe(2) if s[0] == 0xEE else s for s in head], rest))
add("jpeg-cmyk-without-adobe", joined([s for s in head if s[0] != 0xEE], rest))
small = picture(9, 14, 3)
head, rest = segments(jpeg(small))
for orientation in range(1, 9):
    add(f"jpeg-exif-{orientation}", joined(head[:1] + [(0xE1, b"Exif\0\0" + tiff(orientation, "<>"[orientation % 2]))] + head[1:], rest), orientation)
add("jpeg-exif-grey-6", joined([(0xE1, b"Exif\0\0" + tiff(6))] + segments(jpeg(grey))[0], segments(jpeg(grey))[1]), 6)
add("odd-exif-long-8", joined([(0xE1, b"Exif\0\0" + tiff(8, kind=4))] + head, rest), 8)
add("odd-exif-9", joined([(0xE1, b"Exif\0\0" + tiff(9))] + head, rest), 1)
add("odd-exif-broken", joined([(0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f")] + head, rest), 1)
add("jpeg-cmyk-exif-5", joined([(0xE1, b"Exif\0\0" + tiff(5))] + segments(cmyk)[0], segments(cmyk)[1]), 5)


# PNG, by hand: PIL writes neither 16 bit colour nor interlaced files

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def rows(samples, bits):
    """Filtered scanlines of [h, w, samples]: every filter type has its turn."""
    height, width, count = samples.shape
    if bits == 16:
        packed = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    elif bits == 8:
        packed = samples.astype(np.uint8).reshape(height, -1)
    else:
        unpacked = np.unpackbits(samples.astype(np.uint8).reshape(height, -1, 1), axis=2)[:, :, 8 - bits:]
        packed = np.packbits(unpacked.reshape(height, -1), axis=1)
    step, out, above = max(1, bits * count // 8), b"", np.zeros(packed.shape[1], int)
    for y, row in enumerate(packed.astype(int)):
        left, corner = np.zeros_like(row), np.zeros_like(row)
        left[step:], corner[step:] = row[:-step], above[:-step]
        guess = left + above - corner
        distances = np.abs(np.stack([left, above, corner]) - guess)
        paeth = np.choose(np.argmin(distances, 0), [left, above, corner])
        kind = y % 5
        out += bytes([kind]) + ((row - [np.zeros_like(row), left, above, (left + above) // 2, paeth][kind]) % 256).astype(np.uint8).tobytes()
        above = row
    return out


def png(samples, bits, colours, interlaced=False, before=(), after=(), pieces=1):
    height, width = samples.shape[:2]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [samples[y::dy, x::dx] for y, x, dy, dx in passes]
        raw = b"".join(rows(part, bits) for part in parts if part.size)
    else:
        raw = rows(samples, bits)
    packed = zlib.compress(raw)
    cuts = [len(packed) * i // pieces for i in range(pieces + 1)]
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, interlaced))
            + b"".join(chunk(*c) for c in before) + b"".join(chunk(b"IDAT", packed[a:b]) for a, b in zip(cuts, cuts[1:]))
            + b"".join(chunk(*c) for c in after) + chunk(b"IEND", b""))


GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def deep(array):
    return array.astype(np.uint32) * 256 + random.integers(0, 256, array.shape)


small_grey = picture(11, 13, 1)
for bits in (1, 2, 4, 8):
    for interlaced in (False, True):
        add(f"png-grey-{bits}" + "-interlaced" * interlaced, png(small_grey >> (8 - bits), bits, GREY, interlaced))
add("png-grey-16", png(deep(small_grey), 16, GREY))
add("png-grey-16-interlaced", png(deep(small_grey), 16, GREY, True))
add("png-grey-transparent", png(small_grey, 8, GREY, before=[(b"tRNS", struct.pack(">H", int(small_grey[3, 3, 0])))]))
two, three, four = picture(11, 13, 2), picture(11, 13, 3), picture(11, 13, 4)
for interlaced in (False, True):
    tail = "-interlaced" * interlaced
    add("png-grey-alpha-8" + tail, png(two, 8, GREY_ALPHA, interlaced))
    add("png-grey-alpha-16" + tail, png(deep(two), 16, GREY_ALPHA, interlaced))
    add("png-rgb-8" + tail, png(three, 8, RGB, interlaced))
    add("png-rgb-16" + tail, png(deep(three), 16, RGB, interlaced))
    add("png-rgba-8" + tail, png(four, 8, RGBA, interlaced))
    add("png-rgba-16" + tail, png(deep(four), 16, RGBA, interlaced))
add("png-rgb-transparent", png(three, 8, RGB, before=[(b"tRNS", struct.pack(">HHH", *map(int, three[2, 2])))]))
for bits in (1, 2, 4, 8):
    colours = random.integers(0, 256, (1 << bits, 3)).astype(np.uint8)
    indices = random.integers(0, 1 << bits, (11, 13, 1))
    add(f"png-palette-{bits}", png(indices, bits, PALETTE, before=[(b"PLTE", colours.tobytes())]))
    add(f"png-palette-{bits}-transparent-interlaced", png(indices, bits, PALETTE, True, [(b"PLTE", colours.tobytes()), (b"tRNS", bytes(range(0, 1 << bits, 2)))]))
add("png-gamma", png(three, 8, RGB, before=[(b"gAMA", struct.pack(">I", 100000)), (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))]))
add("png-comments", png(three, 8, RGB, before=[(b"tEXt", b"Title\0A picture"), (b"zTXt", b"Text\0\0" + zlib.compress(b"x" * 1000)), (b"prVt", b"own")], after=[(b"tIME", struct.pack(">HBBBBB", 2020, 1, 2, 3, 4, 5))]))
add("png-many-pieces", png(three, 8, RGB, pieces=150))
add("png-bytes-behind-the-end", png(three, 8, RGB) + b"more")
add("png-1x1", png(three[:1, :1], 8, RGB))
for orientation in range(1, 9):
    add(f"png-exif-{orientation}", png(three, 8, RGB, orientation == 7, before=[(b"eXIf", tiff(orientation, "><"[orientation % 2]))]), orientation)
add("png-exif-grey-alpha-8", png(two, 8, GREY_ALPHA, before=[(b"eXIf", tiff(8))]), 8)
add("late-exif-3", png(three, 8, RGB, after=[(b"eXIf", tiff(3))]), 3)

# Files whose tables are those of the standard, and are left out (as in frames of motion JPEG); and files that decoders doubt, with the right pixels

def without(data, *markers):
    head, rest = segments(data)
    return joined([s for s in head if s[0] not in markers], rest)


add("jpeg-no-huffman-tables", without(jpeg(colour), 0xC4))
add("jpeg-no-huffman-tables-grey", without(jpeg(grey), 0xC4))
head, rest = segments(jpeg(colour))
jfif = head[0][1]
revision = [(0xE0, jfif[:5] + b"\x09" + jfif[6:])] + head[1:]
add("doubted-jfif-revision", joined(revision, rest))
add("doubted-adobe-transform", joined([adobe(9)] + [s for s in head if s[0] != 0xE0], rest))
add("doubted-ycck-transform", joined([adobe(1) if s[0] == 0xEE else s for s in segments(cmyk)[0]], segments(cmyk)[1]))
scan = 2 + struct.unpack(">H", rest[2:4])[0]
add("doubted-scan-parameters", joined(head, rest[:scan - 3] + b"\0\0\0" + rest[scan:]))
add("doubted-bytes-before-the-end", joined(head, rest[:-2] + bytes(7) + rest[-2:]))
add("doubted-bytes-in-the-head", joined(head[:2], b"") + b"odd" + joined(head[2:], rest)[2:])
add("doubted-everything", joined(revision[:2], b"") + b"odd" + joined(revision[2:], rest[:scan - 3] + b"\0\0\0" + rest[scan:-2] + bytes(3) + rest[-2:])[2:])
head, rest = segments(jpeg(colour, progressive=True))
cut = rest.index(b"\xff\xc4")
add("doubted-bytes-between-scans", joined(head, rest[:cut] + bytes(2) + rest[cut:]))


# Orientation in XMP, which counts where EXIF says none. PIL finds it in PNG files; in JPEG files since version 11, and only with double quotes

def xmp(orientation, form='tiff:Orientation="{}"/>', prefix="tiff"):
    text = form.format(orientation) if "{}" in form else form
    return (f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            f'<rdf:Description rdf:about="" xmlns:{prefix}="http://ns.adobe.com/tiff/1.0/" {text}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>').encode()


def itxt(content, packed=False):
    return b"iTXt", b"XML:com.adobe.xmp\0" + bytes([packed, 0]) + b"\0\0" + (zlib.compress(content) if packed else content)


for orientation in range(1, 9):
    add(f"png-xmp-{orientation}", png(three, 8, RGB, before=[itxt(xmp(orientation), packed=orientation % 2 == 1)]), orientation)
add("png-xmp-element-6", png(three, 8, RGB, before=[itxt(xmp(6, ">\n <tiff:Orientation>{}</tiff:Orientation>\n</rdf:Description>"))]), 6)
add("png-xmp-late-5", png(three, 8, RGB, after=[itxt(xmp(5))]), 5)
add("png-xmp-exif-3", png(three, 8, RGB, before=[itxt(xmp(8)), (b"eXIf", tiff(3))]), 3)
add("png-xmp-exif-without-6", png(three, 8, RGB, before=[(b"eXIf", tiff(6).replace(struct.pack("<H", 0x0112), struct.pack("<H", 0x0113))), itxt(xmp(6))]), 6)
add("odd-xmp-quotes-8", png(three, 8, RGB, before=[itxt(xmp(8, "tiff:Orientation = '{}' />"))]), 8)
add("odd-xmp-prefix-6", png(three, 8, RGB, before=[itxt(xmp(6, 'x-t:Orientation="{}"/>', "x-t"))]), 6)
add("odd-xmp-9", png(three, 8, RGB, before=[itxt(xmp(9))]), 1)
add("odd-xmp-broken", png(three, 8, RGB, before=[(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0not packed"), (b"iTXt", b"XML:com.adobe.xmp\0")]), 1)
raw = b"Exif\0\0" + tiff(7)
profile = b"\nexif\n" + b"%8d\n" % len(raw) + raw.hex().encode() + b"\n"
add("odd-raw-profile-7", png(three, 8, RGB, before=[(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(profile))]), 7)
head, rest = segments(jpeg(small))
adobe_xmp = b"http://ns.adobe.com/xap/1.0/\0"
add("odd-jpeg-xmp-6", joined(head[:1] + [(0xE1, adobe_xmp + xmp(6))] + head[1:], rest), 6)
add("odd-jpeg-xmp-exif-1", joined(head[:1] + [(0xE1, adobe_xmp + xmp(6)), (0xE1, b"Exif\0\0" + tiff(1))] + head[1:], rest), 1)

# JPEG with restart markers, which PIL doesn't write: by cjpeg (Debian's libjpeg-turbo-progs)

def cjpeg(array, *options):
    height, width = array.shape[:2]
    kind = b"P5" if array.shape[2] == 1 else b"P6"
    return subprocess.run(["cjpeg", "-quality", "85", *options], input=kind + b"\n%d %d\n255\n" % (width, height) + array.tobytes(),
                          stdout=subprocess.PIPE, check=True).stdout


large = picture(43, 61, 3)
add("jpeg-restart", cjpeg(large, "-restart", "1B"))
add("jpeg-restart-progressive", cjpeg(large, "-restart", "1", "-progressive"))
add("jpeg-restart-grey", cjpeg(picture(43, 61, 1), "-grayscale", "-restart", "3B"))
add("jpeg-411", cjpeg(large, "-sample", "4x1"))
add("jpeg-440-progressive", cjpeg(large, "-sample", "1x2", "-progressive"))
with tempfile.NamedTemporaryFile("w", suffix=".scans") as script:
    script.write("0;\n1;\n2;\n")  # one component after the other
    script.flush()
    add("jpeg-three-scans", cjpeg(large, "-scans", script.name))


# WebP, BMP, GIF

def saved(array, kind, mode=None, **options):
    buffer = io.BytesIO()
    (array if isinstance(array, Image.Image) else Image.fromarray(array.squeeze(), mode)).save(buffer, kind, **options)
    return buffer.getvalue()


opaque = np.dstack([three, np.full(three.shape[:2], 255, np.uint8)])
add("webp-lossy", saved(colour, "WEBP", quality=80))
add("webp-lossless", saved(colour, "WEBP", lossless=True))
add("webp-lossless-alpha", saved(four, "WEBP", lossless=True, exact=True))
add("webp-opaque-alpha", saved(opaque, "WEBP", lossless=True))
add("webp-1x1", saved(colour[:1, :1], "WEBP", lossless=True))
for orientation in (1, 3, 6):
    add(f"webp-exif-{orientation}", saved(small, "WEBP", lossless=True, exif=b"Exif\0\0" + tiff(orientation)), orientation)
add("webp-alpha-exif-6", saved(four, "WEBP", lossless=True, exact=True, exif=tiff(6)), 6)
add("odd-webp-xmp-8", saved(small, "WEBP", lossless=True, xmp=xmp(8)), 8)
frames = [Image.fromarray(picture(9, 14, 3)) for _ in range(3)]
add("webp-animated", saved(frames[0], "WEBP", lossless=True, save_all=True, append_images=frames[1:]))

palette = Image.fromarray(colour).quantize(200)
add("bmp-24", saved(colour, "BMP"))
add("bmp-32", saved(opaque, "BMP"))
add("bmp-8", saved(palette, "BMP"))
add("bmp-grey", saved(grey, "BMP"))
add("bmp-1", saved(Image.fromarray(grey.squeeze()).convert("1"), "BMP"))
bottom_up = saved(colour, "BMP")
stride = (3 * 29 + 3) // 4 * 4
lines = [bottom_up[54 + stride * y:54 + stride * (y + 1)] for y in range(21)]
add("bmp-top-down", bottom_up[:22] + struct.pack("<i", -21) + bottom_up[26:54] + b"".join(reversed(lines)))
add("bmp-os2", b"BM" + struct.pack("<IHHIIHHHH", 26 + len(bottom_up) - 54, 0, 0, 26, 12, 29, 21, 1, 24) + bottom_up[54:])
eight = saved(palette, "BMP")
start = struct.unpack("<I", eight[10:14])[0]
width8 = (29 + 3) // 4 * 4
runs = b""
for y in range(21):
    line = eight[start + width8 * y:start + width8 * y + 29]
    runs += b"".join(bytes([1, value]) for value in line) + b"\0\0"
runs += b"\0\1"
add("bmp-rle-8", eight[:30] + struct.pack("<II", 1, len(runs)) + eight[38:start] + runs)

add("gif", saved(palette, "GIF"))
add("gif-grey", saved(grey, "GIF"))
add("gif-interlaced", saved(palette, "GIF", interlace=True))
add("gif-1x1", saved(palette.crop((0, 0, 1, 1)), "GIF"))
add("gif-animated", saved(frames[0].quantize(64), "GIF", save_all=True, append_images=[f.quantize(64) for f in frames[1:]]))

with open("pictures.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
print(len(cases), "pictures")
