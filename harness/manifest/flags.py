"""Option models as command line flags, and a command line as raw settings.

Flags carry text; what it means is decided where every setting is checked. Unset stays unset.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel

from harness.manifest.raw import Raw
from harness.options import Argument, arguments


class _Given(argparse.Action):
    """Keeps settings in the order written: the order of a sweep depends on it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        given: dict[str, Any] = namespace.given
        value = True if self.nargs == 0 else values
        # One value is a scalar, even where a list is allowed.
        given[self.dest] = value[0] if isinstance(value, list) and len(value) == 1 else value


class SettingsFormatter(argparse.HelpFormatter):
    """Shows a list of values only where a list makes a sweep."""

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        single = getattr(action, "takes_one", False)
        return str(action.metavar) if single else super()._format_args(action, default_metavar)


def add_flags(
    parser: argparse.ArgumentParser,
    title: str,
    model: type[BaseModel],
    defaults: Mapping[str, Any] | None = None,
    hidden: bool = False,
    values: Mapping[str, Iterable[str]] | None = None,
) -> None:
    """Add a group with a flag for each argument of the model.

    Args:
        defaults: the benchmark's, which override the model's in the help.
        values: names that an argument takes, for the help and for completion in a shell.
        hidden: accept the flags, but leave them out of the help.
    """
    declared = arguments(model)
    if not declared:
        return
    group = parser if hidden else parser.add_argument_group(title)
    for name, argument in declared.items():
        help_ = (
            argparse.SUPPRESS
            if hidden
            else describe(argument, (defaults or {}).get(name), tuple((values or {}).get(name, ())))
        )
        options: dict[str, Any] = {"nargs": 0} if argument.flag else {"nargs": "+", "metavar": argument.kind.upper()}
        action = group.add_argument(
            f"--{name}", action=_Given, dest=name, help=help_, default=argparse.SUPPRESS, **options
        )
        action.takes_one = not argument.listable  # type: ignore[attr-defined]
        # argcomplete's hook for the values of an argument.
        action.completer = partial(_completions, (values or {}).get(name, argument.choices))  # type: ignore[attr-defined]


def _completions(values: Iterable[Any], **_: Any) -> list[str]:
    return list(map(str, values))


def add_aliases(parser: argparse.ArgumentParser, aliases: Mapping[str, str]) -> None:
    """Accept old names of arguments; the help does not show them."""
    for name in aliases:
        parser.add_argument(
            f"--{name}", action=_Given, dest=name, nargs="+", help=argparse.SUPPRESS, default=argparse.SUPPRESS
        )


def describe(argument: Argument, benchmark_default: Any = None, names: tuple[str, ...] = ()) -> str:
    """Help text: what it is, its choices, and the default with its origin."""
    text = argument.help.replace("%", "%%") + (f"; one of: {', '.join(names)}" if names else "")
    if argument.choices:
        text += f" ({' | '.join(map(str, argument.choices))})"
    if benchmark_default is not None:
        return f"{text} [{benchmark_default}, from the benchmark]"
    if argument.flag:
        return text
    return f"{text} [{'none' if argument.default is None else argument.default}]"


def given_settings(namespace: argparse.Namespace) -> Raw:
    """The settings of a parsed command line."""
    values: dict[str, Any] = namespace.given
    return Raw(values, {name: "command line" for name in values})
