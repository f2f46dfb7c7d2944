#!/usr/bin/env python3
"""Makes the two subset fonts from Noto Sans CJK SC. See README.md beside this file.

Usage: subset.py [FOLDER_OF_NotoSansCJK_TTC]   (default: where Debian's fonts-noto-cjk puts them)
"""

import pathlib
import sys

from fontTools import subset
from fontTools.ttLib import TTCollection

HERE = pathlib.Path(__file__).resolve().parent
FAMILY = "City Kiosk Sans"
VERSION = "1.000"

ASCII = {chr(code) for code in range(0x20, 0x7F)}
EXTRA = set(
    "¥¢£€©®°±·×÷–—‘’“”…‰′″※←↑→↓↗↘①②③④⑤⑥⑦⑧⑨⑩■□▲△▼▽◆◇○●★☆√≤≥≈≠￥，。、；：？！（）《》〈〉【】「」『』〔〕～—"
    "￠％＋－＝０１２３４５６７８９"
)


def gb2312(first_row, last_row):
    """Every character of these rows of GB2312: 16-55 is level 1, 56-87 level 2, 1-9 signs and letters."""
    found = set()
    for row in range(first_row, last_row + 1):
        for cell in range(1, 95):
            try:
                found.add(bytes((row + 0xA0, cell + 0xA0)).decode("gb2312"))
            except UnicodeDecodeError:
                pass
    return found


def used_in_markup():
    """Every character our own screens and translations can show."""
    root = HERE.parent
    files = sorted([*root.glob("slint/**/*.slint"), *root.glob("translations/**/*.po")])
    return {char for file in files for char in file.read_text("utf-8") if char.isprintable()}


def rename(font, style):
    """The OFL reserves the name of the original, so the subset carries its own."""
    names = font["name"]
    keep = {0, 13, 14}
    names.names = [record for record in names.names if record.nameID in keep]
    full = f"{FAMILY} {style}"
    post_script = f"{FAMILY.replace(' ', '')}-{style}"
    texts = {1: FAMILY, 2: style, 3: f"{VERSION};{post_script}", 4: full, 5: f"Version {VERSION}", 6: post_script}
    for name_id, text in texts.items():
        names.setName(text, name_id, 3, 1, 0x409)
    cff = font["CFF "].cff
    cff.fontNames = [post_script]
    top = cff.topDictIndex[0]
    top.FamilyName, top.FullName = FAMILY, full


def make(source, style, wanted):
    collection = TTCollection(str(source))
    font = next(face for face in collection.fonts if face["name"].getDebugName(4).startswith("Noto Sans CJK SC"))
    options = subset.Options()
    options.layout_features = ["kern", "ccmp", "locl", "mark", "mkmk"]
    options.name_IDs = ["*"]
    options.hinting = False
    options.desubroutinize = False
    options.notdef_outline = True
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(char) for char in wanted])
    subsetter.subset(font)
    rename(font, style)
    # The same input gives the same bytes: no time of making inside.
    font["head"].created = font["head"].modified = 0
    font.recalcTimestamp = False
    digits = {font["hmtx"][font.getBestCmap()[ord(digit)]][0] for digit in "0123456789"}
    assert len(digits) == 1, f"figures must be tabular, widths are {digits}"
    target = HERE / f"CityKioskSans-{style}.otf"
    font.save(target)
    missing = sorted(set(wanted) - {chr(code) for code in font.getBestCmap()})
    print(f"{target.name}: {target.stat().st_size} bytes, {len(font.getBestCmap())} characters, not in the source: {''.join(missing)}")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/opentype/noto")
    common = ASCII | EXTRA | gb2312(1, 9) | used_in_markup()
    make(folder / "NotoSansCJK-Regular.ttc", "Regular", common | gb2312(16, 87))
    make(folder / "NotoSansCJK-Bold.ttc", "Bold", common | gb2312(16, 55))


if __name__ == "__main__":
    main()
