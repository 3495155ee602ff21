"""Writing tables: the Parquet file, and the YAML file that says what its columns are."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.blackbox.description import Description, description_file
from harness.blackbox.files import write_columns
from harness.jobdir import replacing


def write_table(path: Path, columns: Mapping[str, Any], description: Description) -> None:
    """Both files, each put in its place whole.

    Args:
        path: of the Parquet file; the description goes beside it.
        columns: name -> a value for each row; those that the description does not name are left out.
    """
    from ruamel.yaml import YAML

    path.parent.mkdir(parents=True, exist_ok=True)
    write_columns(path, {name: columns[name] for name in description.columns})
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 120
    yaml.default_flow_style = None
    yaml.dump(description.spec(), text)
    with replacing(description_file(path)) as file:
        file.write(text.getvalue().encode())
