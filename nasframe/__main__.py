"""`nasframe`, and `python -m nasframe`: Ctrl-C is understood while the command line itself is imported."""

from __future__ import annotations

import sys

from nasframe.interrupts import ending_signal, hear_signals, ignore_signals

__all__ = ["main"]


def main() -> int:
    """Run the command that the words of the program name, and return its exit status."""
    message = "interrupted before anything was begun. To go on:\n  " + _command()
    try:
        hear_signals(message)
        from nasframe.cli import main as run

        status = run()
    except KeyboardInterrupt as error:
        ignore_signals()
        print(f"nasframe: {message}", file=sys.stderr)
        return 128 + ending_signal(error)
    ignore_signals()
    return status


def _command() -> str:
    """Return the command for a shell; by hand, because shlex would be an import."""
    words = ["nasframe", *sys.argv[1:]]
    plain = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-")
    return " ".join(
        word if word and plain.issuperset(word) else "'" + word.replace("'", "'\"'\"'") + "'"
        for word in words
    )


if __name__ == "__main__":
    sys.exit(main())
