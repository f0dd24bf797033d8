"""The command line: `nasframe COMMAND …`.

No file here imports torch at its head; a command imports its modules when it runs. So help, completion and
the message about a mistyped option come at once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from nasframe import __version__
from nasframe.cli import (
    cache_command,
    completion_command,
    exporting,
    making_a_run,
    new_command,
    options_command,
    plugins_command,
    predicting,
    resuming,
    studies,
    tables_command,
    using_a_run,
    watching,
)
from nasframe.cli.lost_interrupts import repeat_lost_interrupts
from nasframe.cli.plugin_files import HELP, prefix, split_plugin_files
from nasframe.cli.processes import refuse_processes
from nasframe.cli.refused_paths import refuse_paths
from nasframe.cli.verbosity_options import HELP as VERBOSITY_HELP
from nasframe.cli.verbosity_options import VerbosityOptions, split_verbosity
from nasframe.doctor import doctor
from nasframe.errors import (
    KeptRunInterrupt,
    MissingExtraError,
    NasframeError,
    OutputError,
    PluginWarning,
    ResumableInterrupt,
    nearest,
)
from nasframe.plugins import error_message, find_error_source, manager, moved_to, raised_at
from nasframe.runtime import (
    cores,
    drop_stream,
    import_uncollected,
    offering,
    print_message,
    print_traceback,
    require_processor,
    shell_line,
    speaking,
    take_any_character,
    visible,
    visible_message,
    writing_output,
)
from nasframe.signals import commands_begin, ending_signal, ignore_signals
from nasframe.studies import PRELOAD

__all__ = ["main", "make_app"]

_RESUMABLE = ("run", "search", "train", "demo")
"""Commands that go on where they stopped when they are repeated."""

_STUDIES = ("compare", "sweep", "tabulate", "census")
"""Commands that skip finished trials when they are repeated."""

_HELP = {"--help", "-h", "--version"}

_FAULT = 70  # EX_SOFTWARE of sysexits.h
_NO_OUTPUT = 74  # EX_IOERR
_BROKEN_PIPE = 128 + 13


def make_app() -> App:
    """Return the application with the commands of the core and of every plugin."""
    app = App(
        name="nasframe",
        help="Search how a neural network should be wired.",
        help_epilogue=f"{HELP}\n\n{VERBOSITY_HELP}",
        version=__version__,
        default_parameter=Parameter(negative=(), json_list=False, json_dict=False),
        suppress_keyboard_interrupt=False,
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
        config=refuse_paths,
    )
    groups = (
        new_command,
        making_a_run,
        resuming,
        studies,
        tables_command,
        using_a_run,
        predicting,
        exporting,
        options_command,
        plugins_command,
        cache_command,
        completion_command,
        watching,
    )
    for group in groups:
        group.add_commands(app)
    app.command(doctor)
    manager().add_commands(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 2 for the user's mistakes, 130 for Ctrl-C, 74 where
    standard output cannot be written, 70 for an error of a plugin or of nasframe that nobody foresaw."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    files: list[Path] = []
    verbosity = VerbosityOptions()
    # Before torch is imported: threads that spin while they wait make a busy machine six times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    take_any_character()
    with warnings.catch_warnings(), repeat_lost_interrupts(), contextlib.ExitStack() as until_the_end:
        until_the_end.enter_context(import_uncollected("torch"))
        _plain_warnings(words)
        try:
            with writing_output():  # it may be closed, which is to be said before the work
                pass
            if words and words[0] != "doctor" and not _HELP & {*words}:
                require_processor()
            files, given = split_plugin_files(words)
            verbosity, words = split_verbosity(given)
            refuse_processes(words)
            if _workers(words) > 1:
                from nasframe.jobs import start_server

                start_server(PRELOAD)
            manager().load_files(files)
            app = make_app()
            verbosity, words = split_verbosity(given, _own_options(app, words))
            if _HELP.isdisjoint(words):
                _begin_to_speak(verbosity, words, until_the_end)
            _require_extra(app, words)
            until_the_end.enter_context(offering(_options_of(app, words)))
            commands_begin()
            # Help is printed by the library of the command line, and doctor does without ours.
            prints_itself = not words or words[0] == "doctor" or not _HELP.isdisjoint(words)
            with writing_output() if prints_itself else contextlib.nullcontext():
                status = app(words)
            with writing_output():
                sys.stdout.flush()
        except BrokenPipeError:
            drop_stream(sys.stdout)
            return _BROKEN_PIPE
        except OutputError as error:
            drop_stream(sys.stdout)
            return _say(str(error), status=_NO_OUTPUT)
        except KeyboardInterrupt as error:
            ignore_signals()
            again = [*prefix(files), *verbosity.words()]
            return _say(_interrupted(words, again, error), status=128 + ending_signal(error))
        except UnusedCliTokensError as error:
            return _say(_unused(app, error), words)
        except CycloptsError as error:
            command = " ".join(("nasframe", *(error.command_chain or ()), "--help"))
            return _say(f"{error}\n  Help: {command}", words)
        except SystemExit as error:
            plugin = find_error_source(error).plugin
            if plugin is None or plugin == manager().plugin_of_command(words[0] if words else ""):
                raise  # a command may end the program
            return _unexpected(error, words)
        except BaseException as error:
            if isinstance(error, ImportError) and moved_to(error):
                return _say(f"{error}{raised_at(error)}{moved_to(error)}", words)
            if not isinstance(error, NasframeError | OSError):
                return _unexpected(error, words)
            _print_traceback()
            return _say(error_message(error), words)
    return status if isinstance(status, int) else 0


def _own_options(app: App, words: Sequence[str]) -> set[str]:
    """Return the options of a plugin's command, which may be called as those of every command are."""
    if not _HELP.isdisjoint(words):  # it would be the command that prints the help
        return set()
    names, apps, _ = app.parse_commands(words)
    if not names or manager().plugin_of_command(names[0]) is None or apps[-1].default_command is None:
        return set()
    return _names_of(apps[-1])


def _options_of(app: App, words: Sequence[str]) -> set[str]:
    """Return the options of the command, which messages may advise; with those of every command."""
    if not _HELP.isdisjoint(words):  # it would be the command that prints the help
        return set()
    _, apps, _ = app.parse_commands(words)
    own = _names_of(apps[-1]) if apps[-1].default_command is not None else set()
    return {*own, "--plugin"}


def _names_of(app: App) -> set[str]:
    return {name for argument in app.assemble_argument_collection() for name in argument.names}


def _begin_to_speak(
    options: VerbosityOptions, words: Sequence[str], until_the_end: contextlib.ExitStack
) -> None:
    """Let the verbosity hold until the end of the command, also for the message that it ends with.

    Raises:
        ConfigurationError: the options contradict each other, or the log cannot be written.
    """
    verbosity = options.checked(words)
    until_the_end.enter_context(speaking(verbosity))
    if verbosity.log is not None:
        verbosity.log.write(f"nasframe {__version__}: {shell_line(['nasframe', *words])}")


def _require_extra(app: App, words: Sequence[str]) -> None:
    """Refuse a command of a plugin whose extra is missing, before any of its work.

    Raises:
        MissingExtraError: with the command that installs them.
    """
    plugins = manager()
    if not plugins.missing_extras:
        return
    names, apps, _ = app.parse_commands(words)
    plugin = plugins.plugin_of_command(names[0]) if names else None
    is_work = apps[-1].default_command is not None and _HELP.isdisjoint(words)
    if plugin is not None and is_work and plugins.missing_extra(plugin):
        raise MissingExtraError(f"plugin {plugin!r}", plugins.missing_extra(plugin))


def _workers(words: Sequence[str]) -> int:
    """Return the number of worker processes of the command, so that they import torch while this one does."""
    if not words or words[0] not in _STUDIES or not _HELP.isdisjoint(words):
        return 1
    given = [word.partition("=")[2] for word in words if word.startswith("--workers=")]
    given += [words[place + 1] for place, word in enumerate(words[:-1]) if word == "--workers"]
    return int(given[-1]) if given and given[-1].isdecimal() else 1 if given else cores()


def _say(message: str, words: Sequence[str] = (), *, status: int = 2) -> int:
    """Print a message and return the status. Its own line breaks stay, none that one of the words holds."""
    for word in sorted(words, key=len, reverse=True):
        if "\n" in word:
            message = message.replace(word, visible(word))
    print_message(f"nasframe: {message}")
    return status


def _unused(app: App, error: UnusedCliTokensError) -> str:
    """Return in words that a command does not take some of its words, with the commands below it."""
    chain = [*(error.command_chain or ())]
    command = " ".join(["nasframe", *chain])
    unused = [*(error.unused_tokens or ())]
    _, apps, _ = app.parse_commands(chain)
    below = [name for name in apps[-1] if not name.startswith("-")]
    hint = nearest(unused[0], below) if unused and below else ""
    return f"{command}: does not take {shell_line(unused)}{hint}\n  Help: {command} --help"


def _unexpected(error: BaseException, words: Sequence[str]) -> int:
    """Say whose fault an error is that nobody raised for the user, and where it was raised."""
    shown = _print_traceback()
    plugin = find_error_source(error).plugin
    whose = "nasframe itself; please report it" if plugin is None else f"plugin {plugin!r}, not of nasframe"
    hint = "" if shown else ". NASFRAME_TRACEBACK=1 shows where it comes from"
    return _say(f"{error_message(error)}\n  This is an error of {whose}{hint}", words, status=_FAULT)


def _print_traceback() -> bool:
    """Print the traceback of the error at hand, where the user wants it."""
    wanted = os.environ.get("NASFRAME_TRACEBACK", "0") not in ("", "0")
    if wanted:
        print_traceback()
    return wanted


def _interrupted(words: Sequence[str], options: Sequence[str], error: KeyboardInterrupt) -> str:
    ended = _ended_by(error)
    if not words:
        return ended
    if isinstance(error, ResumableInterrupt):
        return _going_on(
            ended, shell_line([_program(), *options, "resume", _word(error.folder), *_paths_outside(words)])
        )
    if words[0] not in (*_RESUMABLE, *_STUDIES):
        return f"{ended}. To begin again:\n  {shell_line([_program(), *options, *words])}"
    # Once the old run is gone, --overwrite would delete the new stages.
    nothing_replaced = isinstance(error, KeptRunInterrupt)
    again = [word for word in words if word != "--overwrite" or nothing_replaced]
    return _going_on(ended, shell_line([_program(), *options, *again]))


def _paths_outside(words: Sequence[str]) -> list[str]:
    """Return the options of a command that name the user's files, which no folder may name by itself."""
    found = []
    for word, after in zip(words, [*words[1:], ""], strict=True):
        option, equals, _ = word.partition("=")
        option = {"--census": "--table"}.get(option, option)
        if option in ("--data", "--table"):
            found += [word] if equals else [option, after]
    return found


def _ended_by(error: KeyboardInterrupt) -> str:
    number = ending_signal(error)
    return "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"


def _going_on(ended: str, command: str) -> str:
    return (
        f"{ended}; finished stages and trials are kept. A search or a training goes on after its last "
        f"finished epoch, any other stage begins again. To go on:\n  {command}"
    )


def _word(path: Path) -> str:
    """Return a path in a form that is not taken for an option."""
    text = str(path)
    return f"./{text}" if text.startswith("-") else text


def _program() -> str:
    """Return the program as the user called it: `nasframe` where the PATH finds the same file by it."""
    called, found = sys.argv[0], shutil.which("nasframe")
    same = found is not None and Path(called).exists() and Path(found).samefile(called)
    return "nasframe" if same or Path(called).name != "nasframe" else called


def _plain_warnings(words: Sequence[str]) -> None:
    """Print the failure of a plugin in one line; not for `plugins`, which lists the failures itself."""
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: object, **more: object) -> None:
        if issubclass(category, PluginWarning):
            print_message(f"nasframe: warning: {message}")
        else:
            shown = visible_message(str(message))
            usual(message if shown == str(message) else shown, category, *rest, **more)  # type: ignore[arg-type]

    warnings.showwarning = show
    warnings.simplefilter("ignore" if words[:1] == ["plugins"] else "always", PluginWarning)
