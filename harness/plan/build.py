"""Raw settings of a sweep -> jobs, in the sweep's total order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.core.seeds import experiment_seed
from harness.errors import UsageError
from harness.manifest.expand import Axis, axes, count, expand, parse_groups, run_ids
from harness.manifest.raw import Raw
from harness.options import arguments, validate
from harness.plan.experiment import ExperimentOptions, SweepOptions
from harness.plan.job import Job, digest
from harness.plan.resolve import KINDS, Resolved, Resolver, table, unknown_setting
from harness.registry import lookup

# Of a name's 63 characters the date takes 19, the hash 3, hyphens 2.
MAX_PREFIX = 39
HASHES = 1000


@dataclass(frozen=True)
class Plan:
    """A checked sweep.

    Attributes:
        total: number of experiments of the whole order, skipped ones included.
        swept: names of the settings that vary, run_id included where it does.
    """

    raw: Raw
    total: int
    skip: int
    swept: tuple[str, ...]
    offset: int
    created: datetime
    _values: dict[str, Any]
    _axes: list[Axis]
    _run_ids: list[int]
    _resolved: dict[str, Resolved]

    @property
    def experiment_name(self) -> str:
        return str(next(iter(self._resolved.values())).settings["experiment_name"])

    def __len__(self) -> int:
        return max(0, self.total - self.skip)

    def jobs(self) -> Iterator[Job]:
        """The jobs after the skipped ones. Made on the fly: a plan of 100,000 needs no memory for them."""
        for index, values in enumerate(expand(self._values, self._axes, self._run_ids)):
            if index >= self.skip:
                yield self._job(index, values)

    def _job(self, index: int, values: dict[str, Any]) -> Job:
        run_id = values.pop("run_id")
        resolved = self._resolved[_key(values)]
        seed = experiment_seed(self.offset, run_id)
        settings = {
            **resolved.settings,
            "run_id": run_id,
            "random_seed_offset": self.offset,
            "random_seed": seed,
        }
        job_id = digest(f"{resolved.identity}\n{run_id}\n{self.offset}")
        origins = {**resolved.origins, **_seed_origins(self.raw)}
        return Job(index, job_id, self._name(index), settings, origins)

    def _name(self, index: int) -> str:
        """`{experiment_name}-{date}-{3 digits}`; the date moves on where a thousand names are used up."""
        rounds, hash_ = divmod(index + self.offset % HASHES, HASHES)
        date = (self.created + timedelta(seconds=rounds)).strftime("%Y-%m-%d-%H-%M-%S")
        return f"{self.experiment_name[:MAX_PREFIX].rstrip('-')}-{date}-{hash_:03d}"


def build(raw: Raw, offset: int, created: datetime | None = None) -> Plan:
    """Expand and check a sweep.

    Args:
        offset: random seed offset where `raw` gives none.
        created: time in the names (UTC), now by default.

    Raises UsageError with a line for every fault of every experiment.
    """
    values = dict(raw.values)
    sweep = _sweep_options(raw, values)
    groups = parse_groups(sweep.argument_groups) if sweep.argument_groups else []
    ids = run_ids(values.pop("run_id", None), sweep.num_runs)
    offset = _given_offset(raw, values, offset)
    _check_names(raw, values)
    _check_listable(raw, values)
    table_of_axes = axes(values, groups)
    resolved = _resolve_all(raw, values, table_of_axes)
    swept = [name for axis in table_of_axes for name in axis[0] if len(axis) > 1]
    return Plan(
        raw=raw,
        total=count(table_of_axes, ids),
        skip=sweep.skip_initial_experiments,
        swept=(*swept, *(["run_id"] if len(ids) > 1 else [])),
        offset=offset,
        created=created or datetime.now(UTC),
        _values=values,
        _axes=table_of_axes,
        _run_ids=ids,
        _resolved=resolved,
    )


def _key(values: dict[str, Any]) -> str:
    return repr(sorted(values.items(), key=lambda item: item[0]))


def _seed_origins(raw: Raw) -> dict[str, str]:
    return {
        "run_id": raw.origins.get("run_id") or raw.origins.get("num_runs") or "default",
        "random_seed_offset": raw.origins.get("random_seed_offset", "drawn"),
        "random_seed": "derived",
    }


def _sweep_options(raw: Raw, values: dict[str, Any]) -> SweepOptions:
    given = {name: values.pop(name) for name in SweepOptions.model_fields if name in values}
    groups = given.get("argument_groups")
    if isinstance(groups, list):
        members = [group if isinstance(group, str) else " ".join(map(str, group)) for group in groups]
        given["argument_groups"] = "|".join(members)
    options, problems = validate(SweepOptions, given)
    if options is None:
        raise UsageError([f"{raw.place(problem.split(' = ')[0])}{problem}" for problem in problems])
    return options


def _given_offset(raw: Raw, values: dict[str, Any], offset: int) -> int:
    given = values.pop("random_seed_offset", offset)
    options, problems = validate(ExperimentOptions, {"random_seed_offset": given})
    if options is None:
        raise UsageError([f"{raw.place('random_seed_offset')}{problem}" for problem in problems])
    return options.random_seed_offset


def _check_names(raw: Raw, values: dict[str, Any]) -> None:
    """Every setting must be an argument of some part that some experiment chooses; unknown choices come first."""
    models = [ExperimentOptions]
    problems = []
    for setting, kind in KINDS.items():
        names = values.get(setting, ExperimentOptions.model_fields[setting].default)
        for name in names if isinstance(names, list) else [names]:
            try:
                models.append(lookup(kind, str(name), table(setting)).load_options())
            except UsageError as error:
                problems += [f"{raw.place(setting)}{problem}" for problem in error.problems]
    if not problems:  # whose argument a name is can only be said once the parts are known
        known = {name for model in models for name in model.model_fields}
        problems = [f"{raw.place(name)}{unknown_setting(name)}" for name in values if name not in known]
    if problems:
        raise UsageError(problems)


def _check_listable(raw: Raw, values: dict[str, Any]) -> None:
    fixed = [name for name, argument in arguments(ExperimentOptions).items() if not argument.listable]
    problems = [
        f"{raw.place(name)}{name} takes one value, not a list" for name in fixed if isinstance(values.get(name), list)
    ]
    if problems:
        raise UsageError(problems)


def _resolve_all(raw: Raw, values: dict[str, Any], table_of_axes: Sequence[Axis]) -> dict[str, Resolved]:
    resolver = Resolver(raw.origins)
    resolved: dict[str, Resolved] = {}
    problems: dict[str, None] = {}
    used: set[str] = set()
    for choice in expand(values, table_of_axes, [0]):
        choice.pop("run_id")
        one = resolver.resolve(choice)
        resolved[_key(choice)] = one
        used |= one.used
        problems.update(dict.fromkeys(one.problems))
    if problems:
        raise UsageError(list(problems))
    unused = [name for name in values if name not in used]
    if unused:
        raise UsageError([f"{raw.place(name)}{unknown_setting(name)}" for name in unused])
    if len({one.identity for one in resolved.values()}) < count(table_of_axes, [0]):
        raise UsageError(
            f"{raw.source}: some experiments are the same, since a list varies an argument that their parts do not "
            "have, or holds a value twice; tie the lists together with argument_groups"
        )
    return resolved
