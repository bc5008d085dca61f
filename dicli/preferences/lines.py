"""On which line of a TOML file each key stands: tomllib does not say, and a fault should."""

from __future__ import annotations

import re
import tomllib

from dicli.preferences.kinds import KeyPath

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"""+|\'\'\'.*?\'\'\'+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")


class _Scanner:
    """Walks over a text that tomllib has accepted, so that every shape it meets is a valid one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.counts: dict[KeyPath, int] = {}

    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found[0] if found else ""

    def see(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    def key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self.skip(_SPACE)
            quoted = self.see('"') or self.see("'")
            word = self.skip(_STRING if quoted else _BARE)
            parts.append(tomllib.loads(f"x = {word}")["x"] if quoted else word)
            self.skip(_SPACE)
            if not self.see("."):
                return tuple(parts)
            self.at += 1

    def pair(self, base: KeyPath) -> None:
        line = self.line()
        name = self.key()
        for n in range(1, len(name) + 1):
            self.lines.setdefault((*base, *name[:n]), line)
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.value((*base, *name))

    def value(self, path: KeyPath) -> None:
        if self.see("["):
            self.at += 1
            self.skip(_BLANK)
            count = 0
            while not self.see("]"):
                count += 1
                self.lines.setdefault((*path, count), self.line())
                self.value((*path, count))
                self.comma()
            self.at += 1
        elif self.see("{"):
            self.at += 1
            self.skip(_BLANK)
            while not self.see("}"):
                self.pair(path)
                self.comma()
            self.at += 1
        elif not self.skip(_STRING):
            self.skip(_SCALAR)

    def comma(self) -> None:
        self.skip(_BLANK)
        self.at += self.see(",")
        self.skip(_BLANK)

    def header(self) -> KeyPath:
        array = self.see("[[")
        line = self.line()
        self.at += 2 if array else 1
        path: KeyPath = ()
        *outer, last = self.key()
        for name in outer:
            path = (*path, name)
            self.lines.setdefault(path, line)
            path = (*path, self.counts[path]) if path in self.counts else path
        path = (*path, last)
        self.lines.setdefault(path, line)
        if array:
            self.counts[path] = self.counts.get(path, 0) + 1
            path = (*path, self.counts[path])
            self.lines.setdefault(path, line)
        self.at += 2 if array else 1
        return path

    def run(self) -> dict[KeyPath, int]:
        base: KeyPath = ()
        while True:
            self.skip(_BLANK)
            if self.at >= len(self.text):
                return self.lines
            if self.see("["):
                base = self.header()
            else:
                self.pair(base)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of every key, table and list entry of a valid TOML text."""
    return _Scanner(text).run()
