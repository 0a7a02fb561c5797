"""What the sample shop's customers write: composed from phrases.yaml, the same for the same seed and record."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl
import yaml

SLOT = re.compile(r"\{(\w+)\}")
ENGLISH_SHARE = 0.025
CONTACT_SHARE = 0.01
TYPO_SHARE = 0.04
BEFORE_ARRIVAL = ("LOG.SHIP", "LOG.LATE", "LOG.STALL", "LOG.LOST", "LOG.INFO", "ORD.", "ENV.", "SYS.")
WITHOUT_SCENE = ("SVC.", "REF.", "PRC.", "SPC.", "DSC.AUTH")
FORMAL = frozenset({"mail", "regulator"})
ENDINGS = ("", "", "。", "。", "！", "…", "～", "。。", "，", "!!")
JOINTS = ("，", "，", "，", "。", " ", "…", "；")
INPUTS = {
    "source_id": "",
    "source": "review",
    "line": "",
    "gold_leaf": "UNK",
    "gold_symptom": "",
    "gold_nature": "complaint",
    "gold_emotion": 3,
    "gold_vague": False,
    "request": "",
    "app_version": "",
    "contact_count": 1,
    "rating": 0.0,
    "again": "",
}
"""Columns that shape a text, with what stands in for a missing column or value."""


@cache
def phrases() -> dict[str, Any]:
    """Read phrases.yaml once."""
    read: dict[str, Any] = yaml.load(
        (Path(__file__).parent / "phrases.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
    )
    return read


class Draw:
    """A fixed row of choices that follows from a seed and a record's id: 512 bits, spent by division."""

    __slots__ = ("bits",)

    def __init__(self, seed: int, record: str) -> None:
        self.bits = int.from_bytes(blake2b(f"{seed}\x1f{record}".encode(), digest_size=64).digest(), "little")

    def below(self, limit: int) -> int:
        """Return a whole number of 0 … limit - 1."""
        self.bits, drawn = divmod(self.bits, limit)
        return drawn

    def chance(self, share: float) -> bool:
        """Return yes in a share (0–1, to the thousandth) of draws."""
        return self.below(1000) < share * 1000

    def pick(self, choices: Sequence[Any]) -> Any:
        """Return one of the choices."""
        return choices[self.below(len(choices))]


def write_texts(records: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Write one text for each record.

    Args:
        records: One row a record with `source_id`, the known ones of the columns in `INPUTS`, and `gold_leaves` (list) if several.
        seed: Another seed gives other texts.

    Returns:
        Columns source_id, text, language (`zh` or `en`), in the order of the input.
    """
    known = [
        pl.col(name).fill_null(default).alias(name) if name in records.columns else pl.lit(default).alias(name)
        for name, default in INPUTS.items()
    ]
    leaves = "gold_leaves" if "gold_leaves" in records.columns else None
    frame = records.select(*known, *([pl.col(leaves)] if leaves else []))
    names = list(INPUTS)
    rows = frame.rows()
    texts: list[str] = []
    languages: list[str] = []
    for row in rows:
        record = dict(zip(names, row, strict=False))
        others = [leaf for leaf in (row[-1] or []) if leaf != record["gold_leaf"]] if leaves else []
        draw = Draw(seed, record["source_id"])
        english = draw.chance(ENGLISH_SHARE) and _can_be_english(record)
        text = _english(record, draw) if english else _chinese(record, others, draw)
        if draw.chance(CONTACT_SHARE):
            text += _contact(draw, english)
        texts.append(text)
        languages.append("en" if english else "zh")
    return pl.DataFrame(
        {
            "source_id": frame["source_id"],
            "text": pl.Series(texts, dtype=pl.String),
            "language": pl.Series(languages, dtype=pl.String),
        }
    )


@cache
def _problems(leaf: str, symptom: str, line: str) -> tuple[str, ...]:
    """Phrases for a leaf: the symptom's own where there are any, else the line's (twice as likely) and the general ones."""
    known = phrases()["leaves"]
    entry = known.get(leaf) or known["UNK"]
    if symptom and (own := entry.get("symptoms", {}).get(symptom)):
        return tuple(own)
    special = tuple(entry.get("lines", {}).get(line, ()))
    return special + special + tuple(entry["say"])


@cache
def _scenes(leaf: str, line: str) -> tuple[str, ...]:
    scenes = phrases()["scenes"]
    if leaf.startswith(BEFORE_ARRIVAL):
        return tuple(scenes["before"])
    if leaf.startswith(WITHOUT_SCENE):
        return tuple(scenes["all"])
    return tuple(scenes["all"]) + tuple(scenes.get(line, ())) * 2


@cache
def _negations(leaves: tuple[str, ...]) -> tuple[str, ...]:
    """Openers that say what it is not, without denying what it is."""
    fits = [
        say
        for entry in phrases()["openers"]["negation"]
        for say in entry["say"]
        if not any(leaf.startswith(entry["not"]) or (entry["not"] == "LOG.DAMAGE" and leaf == "PRD.PACK") for leaf in leaves)
    ]
    return tuple(fits)


def _fill(text: str, draw: Draw, line: str, version: str) -> str:
    if "{" not in text:
        return text
    bank = phrases()

    def value(match: re.Match[str]) -> str:
        slot = match[1]
        if slot == "p":
            return str(draw.pick(bank["nouns"].get(line, bank["nouns"][""])))
        if slot == "part":
            return str(draw.pick(bank["parts"].get(line, bank["parts"][""])))
        if slot == "v":
            return version or "新版本"
        if slot in NUMBERS:
            low, width = NUMBERS[slot]
            return str(low + draw.below(width))
        return str(draw.pick(bank["fill"].get(slot) or bank[slot]))

    filled = SLOT.sub(value, text)
    return SLOT.sub(value, filled) if "{" in filled else filled


NUMBERS = {"n": (2, 5), "d": (3, 13), "w": (2, 7), "h": (2, 4), "y": (5, 60), "km": (55, 90)}


def _chinese(record: dict[str, Any], others: list[str], draw: Draw) -> str:
    bank = phrases()
    line, leaf, nature, emotion = record["line"], record["gold_leaf"], record["gold_nature"], int(record["gold_emotion"])
    version = record["app_version"]
    if record["gold_vague"]:
        return _spoiled(_fill(draw.pick(bank["vague"]), draw, line, version) + _mood(emotion, draw), draw)
    if nature == "praise":
        first = _fill(draw.pick(bank["praises"]), draw, line, version)
        second = "，" + _fill(draw.pick(bank["praises"]), draw, line, version) if draw.chance(0.35) else ""
        slip = "，手滑点错星了" if 0 < record["rating"] <= 2 else ""
        return _spoiled(first + second + slip + str(draw.pick(bank["praise_tails"])), draw)
    if nature == "suggestion":
        scene = _fill(draw.pick(_scenes(leaf, line)), draw, line, version) if draw.chance(0.4) else ""
        idea = _fill(draw.pick(bank["suggestions"]), draw, line, version)
        return _spoiled(scene + idea + str(draw.pick(bank["suggestion_tails"])), draw)
    if nature == "question":
        pool = bank["questions"].get(leaf) or bank["questions"].get(leaf.split(".")[0]) or bank["questions"]["all"]
        lead = draw.pick(["", "", "", "你好，", "在吗 ", "请教一下，", "想问下，", "老板，"])
        scene = _fill(draw.pick(_scenes(leaf, line)), draw, line, version) if draw.chance(0.35) else ""
        return _spoiled(lead + scene + _fill(draw.pick(pool), draw, line, version) + str(draw.pick(bank["question_tails"])), draw)
    later = (
        draw.pick(["追评：", "三周后来追评，", "追加：", "用了一阵再来说，", "追评，"])
        if record["again"] == "later_review"
        else ""
    )
    return str(later) + _complaint(record, others, draw, lambda text: _fill(text, draw, line, version))


def _complaint(record: dict[str, Any], others: list[str], draw: Draw, fill: Callable[[str], str]) -> str:
    bank = phrases()
    source, leaf, emotion = record["source"], record["gold_leaf"], int(record["gold_emotion"])
    core = fill(draw.pick(_problems(leaf, record["gold_symptom"], record["line"])))
    for other in others[:1]:
        link = draw.pick(["，还有，", "，而且", "，另外", "；", "，再加上", "。更气的是"])
        core += link + fill(draw.pick(_problems(other, record["gold_symptom"], record["line"])))
    legal = leaf == "SPC.ABNORMAL"
    opener = "" if legal else _opener(record, others, draw, fill)
    detail = draw.pick(JOINTS) + fill(draw.pick(bank["details"]["all"])) if not legal and draw.chance(0.4) else ""
    wish = ""
    if not legal and record["request"] in bank["demands"] and draw.chance(0.6):
        wish = draw.pick(JOINTS) + fill(draw.pick(bank["demands"][record["request"]]))
    body = opener + core + detail + wish
    if source == "store":
        return _spoiled(fill(draw.pick(bank["store"]).replace("{x}", body)), draw)
    if source == "regulator":
        return f"消费者反映：{body}。消费者要求{draw.pick(['退款', '退货并赔偿', '商家说明情况', '尽快处理', '更换商品'])}。"
    if source == "mail":
        formal = bank["formal"]
        return (
            fill(draw.pick(formal["greet"]))
            + "\n"
            + fill(draw.pick(formal["frame"]))
            + body
            + "。\n"
            + fill(draw.pick(formal["end"]))
        )
    if legal:
        return body + "。"
    return _spoiled(body + _mood(emotion, draw), draw)


def _opener(record: dict[str, Any], others: list[str], draw: Draw, fill: Callable[[str], str]) -> str:
    bank, leaf, emotion = phrases()["openers"], record["gold_leaf"], int(record["gold_emotion"])
    scene = fill(draw.pick(_scenes(leaf, record["line"]))) if draw.chance(0.55) else ""
    if record["contact_count"] > 1 and draw.chance(0.7):
        return fill(draw.pick(bank["repeat"])) + scene
    if record["rating"] >= 5:
        return (
            str(draw.pick(["五星好评！前提是别", "给五星是怕你们看不见，", "先五星，", "好评返图？行啊，", "⭐⭐⭐⭐⭐ 呵呵，"]))
            + scene
        )
    kind = draw.below(100)
    if record["source"] in FORMAL:
        return scene
    if emotion >= 4 and kind < 16:
        return fill(draw.pick(bank["sarcasm"])) + scene
    if emotion <= 3 and kind < 9:
        return fill(draw.pick(bank["hedge"])) + scene
    if kind < 17:
        return scene + str(draw.pick(_negations((leaf, *others))) or "")
    if kind < 25:
        return fill(draw.pick(bank["praise"])) + scene
    if kind < 36:
        return fill(draw.pick(bank["slang"])) + scene
    return scene


def _mood(emotion: int, draw: Draw) -> str:
    bank = phrases()
    closer = str(draw.pick(bank["closers"][str(min(max(emotion, 1), 5))]))
    mark = str(draw.pick(ENDINGS))
    face = str(draw.pick(bank["emoji"])) * (1 + draw.below(2)) if draw.chance(0.14) else ""
    return (mark or "，") + closer + face if closer else mark + face


def _spoiled(text: str, draw: Draw) -> str:
    """Put the typing slips of a phone into some of the texts."""
    if draw.chance(TYPO_SHARE):
        right, wrong = draw.pick([pair for pair in phrases()["typos"] if pair[0] in text] or [("", "")])
        text = text.replace(right, wrong, 1) if right else text
    if draw.chance(0.06):
        text = text.replace("，", " ")
    elif draw.chance(0.05):
        text = text.replace("？", "？？").replace("。", "…")
    return text


def _can_be_english(record: dict[str, Any]) -> bool:
    """Whether the customer types the text, and there are English words for what it says."""
    if record["source"] in ("regulator", "store", "call"):
        return False
    known = phrases()["english"]
    said = record["gold_leaf"] in known or f"{record['gold_leaf']}/{record['gold_symptom']}" in known
    return said or record["gold_vague"] or record["gold_nature"] != "complaint"


def _english(record: dict[str, Any], draw: Draw) -> str:
    bank = phrases()
    line, leaf, nature = record["line"], record["gold_leaf"], record["gold_nature"]
    problems = bank["english"]
    if record["gold_vague"]:
        text = str(draw.pick(bank["vague_en"]))
    elif nature in ("praise", "suggestion", "question"):
        text = str(draw.pick(bank[f"{nature}s_en"]))
    else:
        said = draw.pick(problems.get(f"{leaf}/{record['gold_symptom']}") or problems[leaf])
        text = str(draw.pick(bank["english_frames"])).replace("{x}", said)

    def value(match: re.Match[str]) -> str:
        slot = match[1]
        if slot == "p":
            return str(draw.pick(bank["nouns_en"].get(line, bank["nouns_en"][""])))
        if slot == "v":
            return record["app_version"] or "the last update"
        low, width = NUMBERS[slot]
        return str(low + draw.below(width))

    filled = SLOT.sub(value, text)
    return filled[0].upper() + filled[1:]


def _contact(draw: Draw, english: bool) -> str:
    """Invent a contact from reserved ranges, so that scrubbing can be proven."""
    number = f"{draw.below(10_000):04d}"
    if english:
        return f" Call me at +1-555-01{number[:2]} or mail buyer{number}@example.com"
    return str(
        draw.pick(
            (
                f"，电话199-0000-{number}",
                f" 我手机1990000{number}，打给我",
                f"，邮箱buyer{number}@example.com",
                f"，地址：幸福市和平区团结路{1 + draw.below(200)}号{1 + draw.below(20)}栋{101 + draw.below(30)}室",
            )
        )
    )
