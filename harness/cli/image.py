"""`harness image`: the image that jobs run in: build it, prove it, push it, pin what it is built on."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence

ACTIONS = {
    "build": "build it, unless it is here",
    "info": "what it is made of and whether it is here",
    "check": "build it twice from nothing: both must be the same, bit for bit",
    "push": "push it, unless the registry has it: to ECR, or with --repository anywhere",
    "prune": "remove images of older recipes that no container uses",
    "pin": "write the present digest of the base --base into docker/bases.toml",
}


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"  {action:6} {text}" for action, text in ACTIONS.items())
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument(
        "--base",
        default="auto",
        help="image to build on (Python 3.11 or newer, glibc): a name in docker/bases.toml, a reference, or 'auto', "
        "the first of the table that can be had (default: %(default)s)",
    )
    parser.add_argument(
        "--repository",
        help="where to push to: a name in your account's ECR, created if missing (default: hpo-harness), or a whole "
        "address of any registry that you are logged in to, such as ghcr.io/me/hpo-harness",
    )


def run(args: argparse.Namespace) -> int:
    """EnvironmentFault where no Docker engine answers or a step fails."""
    action = {"build": _build, "info": _info, "check": _check, "push": _push, "prune": _prune, "pin": _pin}[args.action]
    return action(args)


def _say(line: str) -> None:
    print(line, flush=True)


def _build(args: argparse.Namespace) -> int:
    from harness.runtime.image import ensure_image

    print(ensure_image(args.base, _say))
    return 0


def _info(args: argparse.Namespace) -> int:
    from harness.runtime.image import image_info

    info = image_info(args.base)
    print(f"base   {info.base}" + (" (not here yet)" if info.tag is None else ""))
    print(f"lock   {info.lock_hash}")
    if info.tag is not None:
        print(f"image  {info.tag}")
    if info.size is not None:
        print(f"id     {info.image_id}\nsize   {info.size / 1e6:.0f} MB")
    else:
        print("built  no (`harness image build`)")
    return 0


def _check(args: argparse.Namespace) -> int:
    from harness.runtime.image import check_image

    first, second = check_image(args.base, _say)
    print(f"build 1  {first}\nbuild 2  {second}")
    print("equal: two clean builds, one digest" if first == second else "DIFFERENT: the build is not reproducible")
    return 0 if first == second else 1


def _push(args: argparse.Namespace) -> int:
    from harness.runtime.push import push_image

    pushed = push_image(args.repository, args.base, _say)
    print(pushed.by_digest)
    return 0


def _prune(args: argparse.Namespace) -> int:
    from harness.runtime.image import prune_images

    print("\n".join(f"removed {tag}" for tag in prune_images(args.base)) or "nothing to remove")
    return 0


def _pin(args: argparse.Namespace) -> int:
    from harness.runtime.bases import pin
    from harness.runtime.engine import Engine

    with contextlib.closing(Engine.connect()) as engine:
        print(f"{args.base} {pin(engine, args.base)}")
    return 0
