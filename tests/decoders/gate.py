"""Reads every poster of a folder with decoders that share nothing with this project, clean and as if photographed.

    gate.py FOLDER

FOLDER is what `cargo run -p kfactor-poster --example gate -- FOLDER` wrote. The exit code is 1 unless each decoder reads
at least its part of the pictures, and never another text. `zbarimg` is the system's. The photographs are left in
FOLDER/photographed, for the decoders that are not Python's.
"""

import json
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import cv2
import numpy
import zxingcpp

# What each decoder has to read, of all pictures: clean, photographed. Random styles go to the very limits, where zbar and
# the models-free WeChat decoder begin to lose photographs; with other noise zxing-cpp lost 9 of 1,200 as well.
REQUIRED = {"zxing-cpp": (1.0, 0.99), "zbar": (1.0, 0.8), "WeChatQRCode": (1.0, 0.95)}


# Codes in the default style, which weaker decoders have to read as well: OpenCV's own here, jsQR and quirc elsewhere.
DEFAULT = "default-"


def main(folder):
    index = json.loads((folder / "index.json").read_text())
    wechat = cv2.wechat_qrcode_WeChatQRCode()
    decoders = {
        "zxing-cpp": lambda image: [found.text for found in zxingcpp.read_barcodes(image)],
        "zbar": zbar,
        "WeChatQRCode": lambda image: list(wechat.detectAndDecode(image)[0]),
    }
    failed = not micro(folder, {file: index.pop(file)["text"] for file in list(index) if "micro" in index[file]})
    (folder / "photographed").mkdir(exist_ok=True)
    read = {(name, kind): 0 for name in decoders for kind in ("clean", "photographed")}
    for file, wanted in sorted(index.items()):
        picture = cv2.imread(str(folder / file))
        photo = photographed(picture, wanted["at"], wanted["unit"], zlib.crc32(file.encode()))
        cv2.imwrite(str(folder / "photographed" / file), photo)
        for name, decode in decoders.items():
            for kind, image in (("clean", picture), ("photographed", photo)):
                texts = decode(image)
                if any(text != wanted["text"] for text in texts):
                    print(f"{file}: {name} read another text: {texts}")
                    failed = True
                if wanted["text"] in texts:
                    read[name, kind] += 1
                elif REQUIRED[name][kind != "clean"] >= 0.99:
                    print(f"{file}: {name} does not read it {kind}")
    for (name, kind), count in read.items():
        part = count / len(index)
        enough = part >= REQUIRED[name][kind != "clean"]
        failed |= not enough
        print(f"{name:12}  {kind:12}  {count} of {len(index)}  {'ok' if enough else 'TOO FEW'}")
    failed |= not plain(folder, {file: wanted["text"] for file, wanted in index.items() if file.startswith(DEFAULT)})
    return 1 if failed else 0


def plain(folder, texts):
    """Whether OpenCV's own detectors read every code in the default style; each alone misses a few."""
    detectors = [cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()]
    read = 0
    for file, wanted in sorted(texts.items()):
        picture = cv2.imread(str(folder / file))
        found = [detector.detectAndDecode(picture)[0] for detector in detectors]
        read += wanted in found
        if wanted not in found:
            print(f"{file}: OpenCV read {found}")
    fine = 0 < len(texts) == read
    print(f"{'OpenCV':12}  {'default style'}  {read} of {len(texts)}  {'ok' if fine else 'TOO FEW'}")
    return fine


def micro(folder, texts):
    """Whether every Micro QR symbol is read; of these decoders only zxing-cpp reads them."""
    read = 0
    for file, wanted in sorted(texts.items()):
        image = cv2.copyMakeBorder(cv2.imread(str(folder / file)), 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.MicroQRCode)
        if [barcode.text for barcode in found] == [wanted]:
            read += 1
        else:
            print(f"{file}: zxing-cpp read {[barcode.text for barcode in found]} instead of {wanted!r}")
    print(f"{'zxing-cpp':12}  {'Micro QR':12}  {read} of {len(texts)}  {'ok' if read == len(texts) else 'TOO FEW'}")
    return read == len(texts)


def photographed(picture, at, unit, seed):
    """Turned by seven degrees, tilted, blurred by a third of a module, noisy, JPEG 60."""
    x, y, width, height = at
    margin = 6 * unit
    cut = picture[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin]
    high, wide = cut.shape[:2]
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), 7, 0.85)
    turned = cv2.warpAffine(cut, turn, (wide, high), borderValue=(120, 130, 140))
    corners = numpy.float32([[0, 0], [wide, 0], [wide, high], [0, high]])
    tilted = numpy.float32([[wide * 0.03, high * 0.02], [wide, 0], [wide * 0.97, high], [0, high * 0.97]])
    seen = cv2.warpPerspective(turned, cv2.getPerspectiveTransform(corners, tilted), (wide, high), borderValue=(120, 130, 140))
    blurred = cv2.GaussianBlur(seen, (0, 0), max(0.35 * unit * 0.85, 0.5))
    noise = numpy.random.default_rng(seed).normal(0, 12, blurred.shape)
    noisy = numpy.clip(blurred + noise, 0, 255).astype(numpy.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)


def zbar(image):
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        cv2.imwrite(file.name, image)
        command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file.name]
        return subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[:-1]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
