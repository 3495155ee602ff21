"""Raw settings of a sweep -> jobs, in the sweep's total order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.core.seeds import experiment_seed
from harness.errors import UsageError
from harness.manifest.expand import Axis, axes, expand, parse_groups, run_ids
from harness.manifest.raw import Raw
from harness.options import arguments, validate
from harness.plan.experiment import ALIASES, ExperimentOptions, SweepOptions
from harness.plan.job import Job, digest
from harness.plan.resolve import KINDS, Resolved, Resolver, unknown_setting
from harness.plan.resolve import table as table_of
from harness.registry import lookup

# Of a name's 63 characters the date takes 19, the hash 3, hyphens 2.
MAX_PREFIX = 39
HASHES = 1000


@dataclass(frozen=True)
class Plan:
    """A checked sweep.

    Attributes:
        skip: experiments at the start of the order that are left out.
        swept: names of the settings that vary, run_id included where it does.
        resolved: the experiments of one run id, in order.
        notes: what the user should know, though it is no fault.
    """

    raw: Raw
    skip: int
    swept: tuple[str, ...]
    offset: int
    created: datetime
    run_ids: Sequence[int]
    resolved: Sequence[Resolved]
    notes: Sequence[str] = ()

    @property
    def experiment_name(self) -> str:
        return str(self.resolved[0].settings["experiment_name"])

    def __len__(self) -> int:
        return max(0, len(self.resolved) * len(self.run_ids) - self.skip)

    def jobs(self) -> Iterator[Job]:
        """The jobs after the skipped ones, made on the fly."""
        seeds = _seed_origins(self.raw)
        for index, (run_id, resolved) in enumerate(itertools.product(self.run_ids, self.resolved)):
            if index >= self.skip:
                yield self._job(index, run_id, resolved, seeds)

    def _job(self, index: int, run_id: int, resolved: Resolved, seeds: dict[str, str]) -> Job:
        settings = {
            **resolved.settings,
            "run_id": run_id,
            "random_seed_offset": self.offset,
            "random_seed": experiment_seed(self.offset, run_id),
        }
        job_id = digest(f"{resolved.identity}\n{run_id}\n{self.offset}")
        return Job(index, job_id, self._name(index), settings, {**resolved.origins, **seeds})

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
    values, notes = _current_names(raw)
    sweep = _sweep_options(raw, values)
    groups = parse_groups(sweep.argument_groups) if sweep.argument_groups else []
    ids = run_ids(values.pop("run_id", None), sweep.num_runs)
    offset = _given_offset(raw, values, offset)
    _check_listable(raw, values)
    _check_names(raw, values)
    try:
        table = [*_section_axes(raw, values), *axes(values, groups)]
    except UsageError as error:
        problems = [f"{raw.place(problem.split(':')[0])}{problem}" for problem in error.problems]
        raise UsageError(problems) from None
    resolved = _resolve_all(raw, values, table)
    written = dict.fromkeys(name for axis in table for entry in axis for name in entry)
    swept = [name for name in written if len({repr(one.settings.get(name)) for one in resolved}) > 1]
    return Plan(
        raw=raw,
        skip=sweep.skip_initial_experiments,
        swept=(*swept, *(["run_id"] if len(ids) > 1 else [])),
        offset=offset,
        created=created or datetime.now(UTC),
        run_ids=ids,
        resolved=resolved,
        notes=notes,
    )


def _current_names(raw: Raw) -> tuple[dict[str, Any], list[str]]:
    """The settings with old names replaced in their place; what is said twice counts under its present name."""
    values: dict[str, Any] = {}
    notes = []
    for name, value in raw.values.items():
        present = ALIASES.get(name, name)
        if present == name:
            values[name] = value
        elif present in raw.values:
            notes.append(f"{raw.place(name)}{name} is the old name of {present}, which is given too: {name} is ignored")
        else:
            values[present] = value
            notes.append(f"{raw.place(name)}{name} is the old name of {present}")
    return values, notes


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
    return int(options.random_seed_offset or 0)


def _section_axes(raw: Raw, values: dict[str, Any]) -> list[Axis]:
    """A manifest's methods and benchmarks as axes. UsageError where a setting would be swept twice."""
    problems = [
        f"{section}: an entry sets '{name}', which the manifest sweeps as a list elsewhere"
        for section, entries in raw.sections.items()
        for name in dict.fromkeys(name for entry in entries for name in entry)
        if isinstance(values.get(name), list)
    ]
    if problems:
        raise UsageError(problems)
    return [[dict(entry) for entry in entries] for entries in raw.sections.values()]


def _check_names(raw: Raw, values: dict[str, Any]) -> None:
    """Every setting must be an argument of some part that some experiment chooses; unknown choices come first."""
    models = [ExperimentOptions]
    problems = []
    entries = [entry for section in raw.sections.values() for entry in section]
    for setting, kind in KINDS.items():
        names = values.get(setting, ExperimentOptions.model_fields[setting].default)
        names = [*(names if isinstance(names, list) else [names]), *(e[setting] for e in entries if setting in e)]
        for name in names:
            try:
                models.append(lookup(kind, str(name), table_of(setting)).load_options())
            except UsageError as error:
                problems += [f"{raw.place(setting)}{problem}" for problem in error.problems]
    if not problems:  # whose argument a name is can only be said once the parts are known
        known = {name for model in models for name in model.model_fields}
        given = [*values, *(name for entry in (*entries, *raw.exclude) for name in entry)]
        problems = [f"{raw.place(name)}{unknown_setting(name)}" for name in given if name not in known]
    if problems:
        raise UsageError(list(dict.fromkeys(problems)))


def _check_listable(raw: Raw, values: dict[str, Any]) -> None:
    fixed = [name for name, argument in arguments(ExperimentOptions).items() if not argument.listable]
    problems = [
        f"{raw.place(name)}{name} takes one value, not a list" for name in fixed if isinstance(values.get(name), list)
    ]
    if problems:
        raise UsageError(problems)


def _resolve_all(raw: Raw, values: dict[str, Any], table: Sequence[Axis]) -> list[Resolved]:
    resolver = Resolver(raw.origins)
    every = [resolver.resolve(choice) for choice in expand(values, table)]
    problems = list(dict.fromkeys(problem for one in every for problem in one.problems))
    if problems:
        raise UsageError(problems)
    used = {name for one in every for name in one.used}
    unused = [name for name in values if name not in used]
    if unused:
        raise UsageError([f"{raw.place(name)}{unknown_setting(name)}" for name in unused])
    idle = [rule for rule in raw.exclude if not any(_matches(rule, one) for one in every)]
    if idle:
        rules = [", ".join(f"{name}: {value}" for name, value in rule.items()) for rule in idle]
        raise UsageError([f"{raw.place('exclude')}exclude: no experiment has {rule}" for rule in rules])
    kept = [one for one in every if not any(_matches(rule, one) for rule in raw.exclude)]
    if not kept:
        raise UsageError(f"{raw.place('exclude')}exclude leaves no experiment")
    if len({one.identity for one in kept}) < len(kept):
        raise UsageError(
            f"{raw.source}: some experiments are the same, since a list varies an argument that their parts do not "
            "have, or holds a value twice; tie the lists together with argument_groups"
        )
    return kept


def _matches(rule: Mapping[str, Any], resolved: Resolved) -> bool:
    """Whether the experiment has all settings of an exclusion (text and number of one value are equal)."""
    return all(str(resolved.settings.get(name)) == str(value) for name, value in rule.items())
