"""`nasframe`, and `python -m nasframe`: Ctrl-C is understood while the command line itself is imported.

`python -m` puts the working folder first among the places of modules. It is taken away before anything else
is imported, so that a `torch.py` that lies there never stands in the place of torch.
"""

from __future__ import annotations

import os
import sys


def _places_of_modules() -> list[str]:
    """Return them without the working folder, except where nasframe itself lies there."""
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib would be looked for in the working folder
    except FileNotFoundError:  # it has been removed
        return sys.path
    own = os.path.realpath(__file__).rpartition(f"{os.sep}nasframe{os.sep}")[0]
    given = not sys.flags.safe_path and sys.path[:1] == [here] and own != os.path.realpath(here)
    return sys.path[1:] if given else sys.path


if __name__ == "__main__":
    sys.path[:] = _places_of_modules()

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
