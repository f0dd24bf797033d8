"""Signals that end the program, Ctrl-C, SIGTERM and SIGHUP: heard from the first import on, and quietly.

While the command line itself is imported, nothing has been begun: the program prints one message and ends.
Later a signal is a `KeyboardInterrupt`, so that claims are released and children are ended. It waits until an
import has ended, since a library turns an exception in the middle of its own into anything; a second signal
does not wait.

This file imports next to nothing, as it is the first one that runs.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # signal itself would import enum
import _thread
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

__all__ = [
    "SignalInterrupt",
    "answer_interrupt",
    "commands_begin",
    "ending_signal",
    "hear_signals",
    "ignore_signals",
    "interrupt_main_thread",
]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
_SECONDS = 0.05


class SignalInterrupt(KeyboardInterrupt):
    """The program is to end because of a signal.

    Where the exception is dropped before the program ends, the signal comes again.

    Args:
        number: of the signal.
        repeat: called with the number where the exception is dropped.
    """

    def __init__(self, number: int, repeat: Callable[[int], None] | None = None) -> None:
        self.number, self.repeat = number, repeat
        super().__init__(number)

    def __del__(self) -> None:
        if self.repeat is not None:
            self.repeat(self.number)


class _Hearing:
    """The handler of the signals.

    Attributes:
        has_begun: a command may have begun; before that, the program ends at once.
        waits: a signal waits for the end of an import.
        is_repeated: the next one is that one again.
    """

    def __init__(self, message: str) -> None:
        self.message = message
        self.has_begun = self.waits = self.is_repeated = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if not self.has_begun:
            os.write(2, f"nasframe: {self.message}\n".encode(errors="backslashreplace"))
            os._exit(128 + number)
        is_repeated, self.is_repeated = self.is_repeated, False
        if _is_in_import(frame) and (is_repeated or not self.waits):
            self.waits = True
            self.repeat(number)
            return
        self.waits = False
        raise SignalInterrupt(number, self.repeat)

    def repeat(self, number: int) -> None:
        """Let the signal come again in a moment."""
        import threading

        def again() -> None:
            self.is_repeated = True
            interrupt_main_thread(number)

        timer = threading.Timer(_SECONDS, again)
        timer.daemon = True
        timer.start()


def hear_signals(message: str) -> None:
    """Let the signals end the program from now on. One that is ignored, as by `nohup`, stays so.

    Args:
        message: for one that comes before `commands_begin`.
    """
    hearing = _Hearing(message)
    for number in _numbers():
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, hearing)


def commands_begin() -> None:
    """Let a signal be a `KeyboardInterrupt` from now on."""
    for number in _numbers():
        handler = signal.getsignal(number)
        if isinstance(handler, _Hearing):
            handler.has_begun = True


def ignore_signals() -> None:
    """Ignore the signals from now on, for the program has nothing left to do but to end."""
    for number in _numbers():
        if isinstance(signal.getsignal(number), _Hearing):
            signal.signal(number, signal.SIG_IGN)


def interrupt_main_thread(number: int) -> None:
    """Send a signal to the main thread; unlike `_thread.interrupt_main`, it ends a wait, where it can."""
    if not hasattr(signal, "pthread_kill"):
        _thread.interrupt_main(number)  # type: ignore[arg-type]
        return
    import threading

    if callable(signal.getsignal(number)):
        signal.pthread_kill(threading.main_thread().ident, number)


def answer_interrupt(error: BaseException | None) -> None:
    """Say that an interrupt is known, so that it does not come again where its exception ends here."""
    if isinstance(error, SignalInterrupt):
        error.repeat = None


def ending_signal(error: BaseException | None) -> int:
    """Return the number of the signal that an exception comes from; that of Ctrl-C where it names none."""
    while error is not None:
        if isinstance(error, SignalInterrupt):
            return error.number
        error = error.__cause__ or error.__context__
    return int(signal.SIGINT)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


def _is_in_import(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
