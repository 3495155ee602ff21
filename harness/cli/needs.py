"""Optional packages of a command: present, installed on request, or one line that names them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from harness.cli.prepare import install_extras
from harness.errors import EnvironmentFault

EXTRA = "report"


def need_packages(command: str, modules: Sequence[str], *, install: bool = False) -> None:
    """EnvironmentFault where packages of the extra `report` are missing; with `install` pip gets them first."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if not missing:
        return
    if not install:
        raise EnvironmentFault(
            f"{command} needs packages that are not installed here: {', '.join(missing)}",
            hint=f"pip install 'hpo-harness[{EXTRA}]', or in a checkout: pip install -e '.[{EXTRA}]'",
        )
    install_extras([EXTRA], f"for {command}", print)
