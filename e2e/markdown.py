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
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: pathlib.Path, word: str | None = None) -> list[Block]:
    """The blocks of a page, in order; those with this word behind the language, if one is given."""
    source, found = page.read_text(), []
    for match in FENCE.finditer(source):
        language, *words = match["info"].split() or [""]
        indent = len(match["indent"])
        text = "".join(line[indent:] for line in match["text"].splitlines(keepends=True))
        found.append(Block(page, source.count("\n", 0, match.start()) + 1, language, tuple(words), text))
    return [block for block in found if word is None or word in block.words]
