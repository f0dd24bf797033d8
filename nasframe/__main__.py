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
    return run()


if __name__ == "__main__":
    sys.exit(main())
