"""Lines on the terminal, each with the name of the process that said it."""

import sys
from typing import TextIO

COLOURS = {"up": 36, "web": 32, "worker": 33, "beat": 35, "demo": 34}
WIDTH = 8


class Terminal:
    """Writes whole lines at once; once nobody reads them any more it stays silent."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self.out = out
        self.coloured = out.isatty()

    def line(self, name: str, text: str) -> None:
        """One line (or several, in one go) of the named process."""
        head = f"{name:>{WIDTH}} | "
        if self.coloured and name in COLOURS:
            head = f"\x1b[{COLOURS[name]}m{head}\x1b[0m"
        try:
            self.out.write("".join(f"{head}{part}\n" for part in text.split("\n")))
            self.out.flush()
        except (BrokenPipeError, ValueError):
            return
