"""Errors of the system about files, in words: the file, what happened, and what the user can do."""

from __future__ import annotations

import errno

__all__ = ["describe_system_error"]

_KEPT = "finished work is kept, so the same command goes on"

_ADVICE = {
    errno.ENOSPC: f"make room on that disk; {_KEPT}",
    errno.EDQUOT: f"remove files of yours there, or ask for a larger quota; {_KEPT}",
    errno.EIO: f"the disk, or the connection to it, has a fault: see to that first; {_KEPT}",
    errno.EROFS: "choose a folder on a disk that can be written",
    errno.EACCES: "choose a folder in which you may write, or get the right to",
    errno.EPERM: "choose a folder in which you may write, or get the right to",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: f"raise the limit that `ulimit -n` shows; {_KEPT}",
    errno.ENFILE: f"end other programs: the whole machine has no file left to open; {_KEPT}",
    errno.EFBIG: "the file system, or the limit that `ulimit -f` shows, allows no file of this size",
    errno.ESTALE: f"the network disk has lost it: mount it again; {_KEPT}",
    errno.ENOTDIR: "a part of this path is a file; expected a folder",
    errno.ELOOP: "its links lead in a circle",
    errno.EXDEV: "keep the folder on one disk",
    errno.ETIMEDOUT: f"the network disk does not answer; {_KEPT}",
    errno.ENOLCK: f"the file system has no lock left; {_KEPT}",
}


def describe_system_error(error: OSError) -> str:
    """Return the file, what happened and what to do, in one line.

    >>> describe_system_error(OSError(28, "No space left on device", "run.json")).partition(";")[0]
    'run.json: no space left on device'
    """
    if error.errno is None or not error.strerror:
        return str(error) or type(error).__name__
    names = [str(name) for name in (error.filename, error.filename2) if name not in (None, "")]
    what = f"{error.strerror[:1].lower()}{error.strerror[1:]}"
    advice = _ADVICE.get(error.errno, "")
    return f"{' → '.join(names)}{': ' if names else ''}{what}{'; ' if advice else ''}{advice}"
