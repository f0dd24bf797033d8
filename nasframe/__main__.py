"""`nasframe`, and `python -m nasframe`: Ctrl-C is understood while the command line itself is imported."""

from __future__ import annotations

import gc
import os
import sys

from nasframe.signals import ending_signal, hear_signals, ignore_signals

__all__ = ["main"]


def main() -> int:
    """Run the command that the words of the program name, and return its exit status."""
    message = "interrupted before anything was begun. To go on:\n  " + _command()
    _open_closed_streams()
    try:
        hear_signals(message)
        try:
            gc.disable()  # it would go through all that is imported again and again
            from nasframe.cli import main as run

            gc.enable()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a package of the core is missing, or raises anything
            return _without_command_line(error)
        status = run()
    except KeyboardInterrupt as error:
        ignore_signals()
        print(f"nasframe: {message}", file=sys.stderr)
        return 128 + ending_signal(error)
    ignore_signals()
    return status


def _open_closed_streams() -> None:
    """Open the standard streams that the caller closed: else the next file that is opened takes their number.

    Messages without a standard error go nowhere. What needs another stream finds None in `sys`, and says so.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the smallest number that is free
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _command() -> str:
    """Return the command for a shell; by hand, because shlex would be an import."""
    return " ".join(map(_word, ["nasframe", *sys.argv[1:]]))


def _word(word: str) -> str:
    plain = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-")
    if word and plain.issuperset(word):
        return word
    if not word.isprintable():  # it could move the cursor; a shell reads this form as the same word
        found = (char if char.isprintable() and char not in "'\\" else _escape(char) for char in word)
        return f"$'{''.join(found)}'"
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _escape(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode(errors="surrogateescape"))


def _without_command_line(error: BaseException) -> int:
    """Say why there are no commands; `doctor`, which needs nothing, runs all the same."""
    if sys.argv[1:2] == ["doctor"]:
        from nasframe.doctor import doctor_of_words

        return doctor_of_words(sys.argv[2:])
    print(
        f"nasframe: the command line cannot be imported: {type(error).__name__}: {ascii(str(error))[1:-1]}\n"
        "  nasframe doctor says what is wrong with the installation",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
