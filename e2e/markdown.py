"""Fenced blocks of Markdown pages."""

import dataclasses
import pathlib
import re

FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Block:
    page: pathlib.Path
    line: int
    language: str
    # What else stands behind the fence.
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def not_run(self) -> str | None:
        """Why nobody runs it, where its fence says `not-run: why`."""
        _, mark, why = self.info.partition("not-run:")
        return why.strip() if mark else None


def blocks(page: pathlib.Path) -> list[Block]:
    """The blocks of a page, in order."""
    source, found = page.read_text(), []
    for match in FENCE.finditer(source):
        language, _, info = match["info"].strip().partition(" ")
        indent = len(match["indent"])
        text = "".join(line[indent:] for line in match["text"].splitlines(keepends=True))
        found.append(Block(page, source.count("\n", 0, match.start()) + 1, language, info.strip(), text))
    return found


def links(page: pathlib.Path) -> list[str]:
    """Where its links lead, as they are written; none of those inside blocks and code."""
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text()))
    return re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose) + re.findall(r"^\[[^\]]+\]:\s*(\S+)", prose, re.MULTILINE)


def anchors(page: pathlib.Path) -> set[str]:
    """The anchors of its headings, as they are made on the web."""
    titles = re.findall(r"^#+ +(.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
