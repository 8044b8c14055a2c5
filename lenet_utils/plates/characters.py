"""The 65 characters of a Chinese number plate: 31 provinces, 24 letters, 10 digits.

Folders have names in ASCII, which every file system and archive keeps as they are; `CHARACTERS`
says what each shows. The order is the one in which `ImageFolder` numbers the classes: sorted.
"""

PROVINCES = {
    "anhui": "皖",
    "beijing": "京",
    "chongqing": "渝",
    "fujian": "闽",
    "gansu": "甘",
    "guangdong": "粤",
    "guangxi": "桂",
    "guizhou": "贵",
    "hainan": "琼",
    "hebei": "冀",
    "heilongjiang": "黑",
    "henan": "豫",
    "hubei": "鄂",
    "hunan": "湘",
    "inner-mongolia": "蒙",
    "jiangsu": "苏",
    "jiangxi": "赣",
    "jilin": "吉",
    "liaoning": "辽",
    "ningxia": "宁",
    "qinghai": "青",
    "shaanxi": "陕",
    "shandong": "鲁",
    "shanghai": "沪",
    "shanxi": "晋",
    "sichuan": "川",
    "tianjin": "津",
    "tibet": "藏",
    "xinjiang": "新",
    "yunnan": "云",
    "zhejiang": "浙",
}
"""The sign of each province, by the name of its folder."""

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No I and no O, which look like 1 and 0."""

DIGITS = "0123456789"

CHARACTERS = dict(sorted({**PROVINCES, **{c: c for c in LETTERS + DIGITS}}.items()))
"""What a folder shows, by its name, in sorted order: 65 of them."""

NAMES = tuple(CHARACTERS)

RARE = ("hainan", "ningxia", "qinghai", "tibet", "xinjiang", "W", "X")
"""Classes of which the training set has a third as many pictures as of the others."""
