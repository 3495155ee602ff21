"""`lapack` and `blas`: the functions of scipy.linalg.lapack and scipy.linalg.blas, without the rest of scipy.linalg.

That package loads numpy's test tools, its Fortran compiler front end and more (scipy 1.17, numpy 2.4): 0.2 s, several
times what a first suggestion needs otherwise. The two modules are loaded from their files instead, and by the public
way where a scipy has none of these files.
"""

from __future__ import annotations

import importlib
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import scipy


def _loaded(name: str) -> ModuleType:
    # Under its full name, so that who imports scipy.linalg later shares the module.
    spec = PathFinder.find_spec(f"scipy.linalg._f{name}", [str(Path(scipy.__file__).parent / "linalg")])
    if spec is None or spec.loader is None:
        return importlib.import_module(f"scipy.linalg.{name}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lapack = _loaded("lapack")
blas = _loaded("blas")
