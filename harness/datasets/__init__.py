"""Data sets: found on this machine or fetched once, always verified."""

from harness.datasets.locate import locate
from harness.datasets.model import Dataset, DebianPackage

__all__ = ["Dataset", "DebianPackage", "locate"]
