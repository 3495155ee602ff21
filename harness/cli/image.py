"""`harness image`: build the image that jobs run in, or say what is there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("action", choices=["build", "info"])
    parser.add_argument(
        "--base",
        default="auto",
        help="image to build on (Python 3.11 or newer, glibc): a reference; 'local' makes one of Debian's packages; "
        "'auto' is the public Python image, local where that cannot be pulled (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """EnvironmentFault where no Docker engine answers or a build fails."""
    from harness.runtime.image import ensure_image

    if args.action == "build":
        print(ensure_image(args.base, say=lambda line: print(line, flush=True)))
    else:
        _show(args.base)
    return 0


def _show(base: str) -> None:
    from harness.runtime.image import image_info

    info = image_info(base)
    print(f"base   {info.base}" + (" (not here yet)" if info.tag is None else ""))
    if info.tag is not None:
        print(f"image  {info.tag}")
    if info.size is not None:
        print(f"id     {info.image_id}\nsize   {info.size / 1e6:.0f} MB")
    else:
        print("built  no (`harness image build`)")
