"""`nasframe`, and `python -m nasframe`: Ctrl-C is understood while the command line itself is imported."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command that the words of the program name, and return its exit status."""
    try:
        from nasframe.cli import main as run
    except KeyboardInterrupt:
        from nasframe.runtime import print_message, shell_line

        again = shell_line(["nasframe", *sys.argv[1:]])
        print_message(f"nasframe: interrupted before anything was begun. To go on:\n  {again}")
        return 130
    except BaseException as error:  # a package of the core is missing, or raises anything
        return _without_command_line(error)
    return run()


def _without_command_line(error: BaseException) -> int:
    """Say why there are no commands; `doctor`, which needs nothing, runs all the same."""
    if sys.argv[1:2] == ["doctor"]:
        from nasframe.doctor import doctor_of_words

        return doctor_of_words(sys.argv[2:])
    print(
        f"nasframe: the command line cannot be imported: {type(error).__name__}: {error}\n"
        "  nasframe doctor says what is wrong with the installation",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
