"""Run by the Python of a side environment that has Syne Tune and nothing of ours: what its loaders say, as JSON."""

import json
import sys
from pathlib import Path

from syne_tune.experiments import get_metadata, list_experiments, load_experiment, load_experiments_df


def best(experiment):
    """(trial, value) of the best report, None where there is none."""
    metric = experiment.metric_names()[0]
    if experiment.results is None or not experiment.results.get(metric, []).__len__():
        return None
    if not experiment.results[metric].notna().any():
        return None
    found = experiment.best_config()
    return [int(found["trial_id"]), float(found[metric])]


def described(name):
    experiment = load_experiment(name)
    experiment.creation_date()
    str(experiment)
    return {
        "rows": len(experiment.results),
        "best": best(experiment),
        "mode": experiment.metric_mode(),
        "entrypoint": experiment.entrypoint_name(),
        "names": experiment.metric_names(),
    }


def comparative(name):
    """What 0.13's ComparativeResults makes of an experiment name: methods, runs, values of the final rows."""
    from syne_tune.experiments import ComparativeResults, PlotParameters

    results = ComparativeResults(
        experiment_names=(name,),
        setups=("RS", "ASHA"),
        num_runs=2,
        metadata_to_setup=lambda facts: facts["algorithm"],
        plot_params=PlotParameters(metric="loss", mode="min"),
        with_subdirs=None,
        metadata_keys=["searcher", "seed"],
    )
    plotted = results.plot(
        benchmark_name="table", file_name=str(Path(sys.argv[2]) / "plot.png"), extra_results_keys=["trial_id"]
    )
    return {"metadata": results.metadata_values("table"), "last": plotted["extra_results"]}


def analysis(frame):
    """As 0.16's scripts of result analysis go about it: by algorithm, benchmark and seed, incumbents over time."""
    told = {}
    for (algorithm, benchmark, seed), own in frame.groupby(["algorithm", "benchmark", "seed"]):
        own = own.sort_values("st_tuner_time")
        metric, mode = own["metric_names"].iloc[0], own["metric_mode"].iloc[0]
        if metric in own and own[metric].notna().any():
            told[f"{algorithm} {benchmark} {seed}"] = float(own[metric].max() if mode == "max" else own[metric].min())
    return told


def main():
    names = sorted(experiment.name for experiment in list_experiments())
    frame = load_experiments_df()
    answer = {
        "listed": names,
        "described": {name: described(name) for name in names},
        "metadata": sorted(get_metadata()),
        "frame_rows": len(frame),
        "columns": sorted(frame.columns),
        "analysis": analysis(frame),
    }
    if sys.argv[1] == "0.13.0":
        answer["comparative"] = comparative("compat")
    print(json.dumps(answer, default=lambda value: value.item()))


main()
