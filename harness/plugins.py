"""THE tables of plug-ins. Adding one is one file and one line here (benchmarks: in `benchmarks/benchmark_factory.py`).

Capabilities:
    multi_fidelity  scheduler: needs a resource that the benchmark reports
    stops_early     scheduler: trials may end before their last resource level
    pauses          scheduler: pauses and resumes trials, so the back-end must keep checkpoints
    grows           scheduler: may go on without any trial at the maximum resource; its method `finished(history)`
                    counts the trials that got as far as any does
    multi_objective scheduler: its static method `objectives(options, problem)` names what it trades off
    external        scheduler, searcher: another library decides, which does not say what its decisions rest on
    own_start       searcher: its first configurations are its own, not those of random search with the same seed
    tabulated       benchmark: has a table of finished trainings
    resumes         back-end: an experiment goes on from its events; without, it is cheaper to run it again
    detaches        runtime: jobs go on when the launching process ends
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.registry import Plugin, load, lookup

RAY_SEARCHERS = frozenset({"random", "bayesopt", "bayesopt_optuna", "skopt", "optuna_tpe", "optuna_gp"})

SCHEDULERS: Mapping[str, Plugin] = {
    "fifo": Plugin(
        "harness.schedulers.fifo:Fifo",
        "harness.schedulers.fifo:FifoOptions",
        "every trial runs to its end, in the order of suggestion",
    ),
    "fifo_synchronous": Plugin(
        "harness.schedulers.fifo_synchronous:FifoSynchronous",
        "harness.schedulers.fifo:FifoOptions",
        "fifo in batches of num_workers trials, each once the one before has ended",
    ),
    "hyperband_stopping": Plugin(
        "harness.schedulers.hyperband:HyperbandStopping",
        "harness.schedulers.hyperband:HyperbandOptions",
        "asynchronous successive halving (ASHA), stopping variant",
        capabilities=frozenset({"multi_fidelity", "stops_early"}),
    ),
    "hyperband_promotion": Plugin(
        "harness.schedulers.promotion:HyperbandPromotion",
        "harness.schedulers.hyperband:HyperbandOptions",
        "asynchronous successive halving (ASHA), promotion variant: pauses trials and resumes the best",
        capabilities=frozenset({"multi_fidelity", "stops_early", "pauses"}),
    ),
    "hyperband_pasha": Plugin(
        "harness.schedulers.pasha:Pasha",
        "harness.schedulers.pasha:PashaOptions",
        "promotion variant of ASHA that raises its maximum resource only while rankings change (PASHA)",
        capabilities=frozenset({"multi_fidelity", "stops_early", "pauses", "grows"}),
    ),
    "hyperband_cost_promotion": Plugin(
        "harness.schedulers.cost_promotion:CostPromotion",
        "harness.schedulers.hyperband:HyperbandOptions",
        "promotion variant of ASHA that promotes by the cost that trials have had, not by their number",
        capabilities=frozenset({"multi_fidelity", "stops_early", "pauses"}),
    ),
    "hyperband_synchronous": Plugin(
        "harness.schedulers.synchronous:HyperbandSynchronous",
        "harness.schedulers.synchronous:SynchronousOptions",
        "Hyperband: brackets of synchronous successive halving",
        capabilities=frozenset({"multi_fidelity", "stops_early", "pauses"}),
    ),
    "mo_asha": Plugin(
        "harness.schedulers.mo_asha:MoAsha",
        "harness.schedulers.mo_asha:MoAshaOptions",
        "ASHA, stopping variant, for several objectives: ranks by non-dominated sorting",
        capabilities=frozenset({"multi_fidelity", "stops_early", "multi_objective"}),
    ),
    "median_stopping": Plugin(
        "harness.schedulers.median:MedianStopping",
        "harness.schedulers.median:MedianStoppingOptions",
        "stops a trial whose best value is worse than the median of the other trials' running means",
        capabilities=frozenset({"multi_fidelity", "stops_early"}),
    ),
    "raytune_fifo": Plugin(
        "harness.schedulers.raytune:RayFifo",
        "harness.schedulers.raytune:RayFifoOptions",
        "Ray Tune's FIFO; bayesopt is scikit-optimize under it",
        pairs_with=RAY_SEARCHERS,
        extra="ray",
        instead={"bayesopt": "skopt"},
    ),
    "raytune_fifo_synchronous": Plugin(
        "harness.schedulers.raytune:RayFifoSynchronous",
        "harness.schedulers.raytune:RayFifoOptions",
        "Ray Tune's FIFO in batches of num_workers trials; bayesopt is scikit-optimize under it",
        pairs_with=RAY_SEARCHERS,
        extra="ray",
        instead={"bayesopt": "skopt"},
    ),
    "raytune_hyperband": Plugin(
        "harness.schedulers.raytune:RayHyperband",
        "harness.schedulers.external_asha:ExternalAshaOptions",
        "Ray Tune's AsyncHyperBandScheduler (ASHA, stopping variant); bayesopt is scikit-optimize under it",
        capabilities=frozenset({"multi_fidelity", "stops_early", "external"}),
        pairs_with=RAY_SEARCHERS,
        extra="ray",
        instead={"bayesopt": "skopt"},
    ),
    "synetune_asha": Plugin(
        "harness.schedulers.synetune:SyneTuneAsha",
        "harness.schedulers.external_asha:ExternalAshaOptions",
        "Syne Tune 0.16's ASHA (stopping variant)",
        capabilities=frozenset({"multi_fidelity", "stops_early", "external"}),
        extra="synetune",
    ),
}

SEARCHERS: Mapping[str, Plugin] = {
    "random": Plugin(
        "harness.searchers.random:RandomSearcher",
        "harness.searchers.random:RandomOptions",
        "independent random configurations, no duplicates",
    ),
    "bayesopt": Plugin(
        "harness.searchers.bayesopt:BayesOpt",
        "harness.searchers.bayesopt:BayesOptOptions",
        "Gaussian process; with a hyperband scheduler MOBSTER, over (configuration, resource)",
        extra="gpsearchers",
    ),
    "bayesopt_cost_coarse": Plugin(
        "harness.searchers.bayesopt_cost:BayesOptCostCoarse",
        "harness.searchers.bayesopt_cost:BayesOptCostOptions",
        "bayesopt that seeks improvement per cost; cost of a trial modelled as a whole",
        pairs_with=frozenset({"fifo", "fifo_synchronous"}),
        needs=frozenset({"cost_name"}),
        extra="gpsearchers",
    ),
    "bayesopt_cost_fine": Plugin(
        "harness.searchers.bayesopt_cost:BayesOptCostFine",
        "harness.searchers.bayesopt_cost:BayesOptCostOptions",
        "bayesopt that seeks improvement per cost; cost modelled as linear in the resource",
        pairs_with=frozenset({"fifo", "fifo_synchronous"}),
        needs=frozenset({"cost_name", "resource_attr"}),
        extra="gpsearchers",
    ),
    "bayesopt_cost": Plugin(
        "harness.searchers.bayesopt_cost:BayesOptCostFine",
        "harness.searchers.bayesopt_cost:BayesOptCostOptions",
        "MOBSTER that seeks improvement per cost; cost modelled as linear in the resource",
        pairs_with=frozenset(name for name in SCHEDULERS if name.startswith("hyperband_")),
        needs=frozenset({"cost_name"}),
        extra="gpsearchers",
    ),
    "bayesopt_constrained": Plugin(
        "harness.searchers.bayesopt_constrained:BayesOptConstrained",
        "harness.searchers.bayesopt:BayesOptOptions",
        "bayesopt under a constraint that trials report (constraint_attr at most 0)",
        pairs_with=frozenset({"fifo", "fifo_synchronous"}),
        needs=frozenset({"constraint_attr"}),
        extra="gpsearchers",
    ),
    "kde": Plugin(
        "harness.searchers.kde:KdeSearcher",
        "harness.searchers.kde:KdeOptions",
        "kernel densities of good and bad configurations; with a hyperband scheduler BOHB's model",
        extra="gpsearchers",
    ),
    "sobol": Plugin(
        "harness.searchers.sobol:SobolSearcher",
        "harness.searchers.sobol:SobolOptions",
        "quasi-random configurations (scrambled Sobol points)",
        capabilities=frozenset({"own_start"}),
        extra="gpsearchers",
    ),
    "skopt": Plugin(
        "harness.searchers.skopt:Skopt",
        "harness.searchers.external:ExternalOptions",
        "scikit-optimize's Gaussian process",
        capabilities=frozenset({"external"}),
        extra="ray",
    ),
    "bayesopt_optuna": Plugin(
        "harness.searchers.raytune:RayOptuna",
        "harness.searchers.external:ExternalOptions",
        "Optuna's tree-structured Parzen estimator as Ray Tune's OptunaSearch has it",
        capabilities=frozenset({"external"}),
        pairs_with=frozenset(name for name in SCHEDULERS if name.startswith("raytune_")),
        extra="ray",
    ),
    "optuna_tpe": Plugin(
        "harness.searchers.optuna:OptunaTpe",
        "harness.searchers.external:ExternalOptions",
        "Optuna's tree-structured Parzen estimator",
        capabilities=frozenset({"external"}),
        extra="optuna",
    ),
    "optuna_gp": Plugin(
        "harness.searchers.optuna:OptunaGp",
        "harness.searchers.external:ExternalOptions",
        "Optuna's Gaussian process",
        capabilities=frozenset({"external"}),
        extra="optuna",
    ),
    "nevergrad": Plugin(
        "harness.searchers.nevergrad:Nevergrad",
        "harness.searchers.external:ExternalOptions",
        "Nevergrad's NGOpt, a choice among evolutionary algorithms",
        capabilities=frozenset({"external"}),
        extra="nevergrad",
    ),
    "cmaes": Plugin(
        "harness.searchers.cmaes:Cmaes",
        "harness.searchers.external:ExternalOptions",
        "CMA-ES on the unit cube",
        capabilities=frozenset({"external"}),
        extra="cmaes",
    ),
    "botorch": Plugin(
        "harness.searchers.botorch:Botorch",
        "harness.searchers.external:ExternalOptions",
        "BoTorch's Gaussian process with noisy expected improvement (qLogNEI)",
        capabilities=frozenset({"external"}),
        extra="botorch",
    ),
    "smac": Plugin(
        "harness.searchers.smac:Smac",
        "harness.searchers.external:ExternalOptions",
        "SMAC3's random forest with expected improvement",
        capabilities=frozenset({"external"}),
        extra="smac",
    ),
    "synetune_bore": Plugin(
        "harness.searchers.synetune:SyneTuneBore",
        "harness.searchers.external:ExternalOptions",
        "Syne Tune 0.16's BORE; under synetune_asha its ASHABORE",
        capabilities=frozenset({"external"}),
        extra="synetune",
    ),
    "synetune_cqr": Plugin(
        "harness.searchers.synetune:SyneTuneCqr",
        "harness.searchers.external:ExternalOptions",
        "Syne Tune 0.16's conformal quantile regression; under synetune_asha its ASHACQR",
        capabilities=frozenset({"external"}),
        extra="synetune",
    ),
    "synetune_kde": Plugin(
        "harness.searchers.synetune:SyneTuneKde",
        "harness.searchers.external:ExternalOptions",
        "Syne Tune 0.16's kernel densities (its TPE); under synetune_asha its BOHB",
        capabilities=frozenset({"external"}),
        extra="synetune",
    ),
    "synetune_botorch": Plugin(
        "harness.searchers.synetune:SyneTuneBotorch",
        "harness.searchers.external:ExternalOptions",
        "Syne Tune 0.16's Gaussian process of BoTorch",
        capabilities=frozenset({"external"}),
        extra="synetune",
    ),
    "grid": Plugin(
        "harness.searchers.grid:GridSearcher",
        "harness.searchers.grid:GridOptions",
        "product of a few values of each hyper-parameter",
        capabilities=frozenset({"own_start"}),
    ),
}

BACKENDS: Mapping[str, Plugin] = {
    "local": Plugin(
        "harness.backends.local:LocalBackend",
        "harness.backends.local:LocalOptions",
        "a process group for every trial, on the machine (or in the container) of the tuner",
        capabilities=frozenset({"resumes"}),
    ),
    "sagemaker": Plugin(
        "harness.backends.sagemaker:SageMakerBackend",
        "harness.backends.sagemaker:SageMakerOptions",
        "every trial a SageMaker training job of its own",
        capabilities=frozenset({"resumes"}),
    ),
    "simulated": Plugin(
        "harness.backends.simulated:SimulatedBackend",
        "harness.backends.simulated:SimulatedOptions",
        "plays trials back from a table, in virtual time",
        needs=frozenset({"tabulated"}),
        extra="blackbox",
    ),
}

RUNTIMES: Mapping[str, Plugin] = {
    "process": Plugin(
        "harness.runtime.process:ProcessRuntime",
        "harness.options:Options",
        "plain processes on this machine",
    ),
    "docker": Plugin(
        "harness.runtime.docker:DockerRuntime",
        "harness.options:Options",
        "containers of the locked image on this machine's Docker engine",
        capabilities=frozenset({"detaches"}),
    ),
    "sagemaker": Plugin(
        "harness.runtime.sagemaker:SageMakerRuntime",
        "harness.options:Options",
        "SageMaker training jobs in the locked image (make remote, launch without --local_tuner)",
        capabilities=frozenset({"detaches"}),
    ),
}

# Complete methods by their names in the field: scheduler and searcher. A manifest's `methods:` may name them.
METHODS: Mapping[str, tuple[str, str]] = {
    "RS": ("fifo", "random"),
    "BO": ("fifo", "bayesopt"),
    "ASHA": ("hyperband_stopping", "random"),
    "ASHA-promotion": ("hyperband_promotion", "random"),
    "MOBSTER": ("hyperband_stopping", "bayesopt"),
    "MOBSTER-promotion": ("hyperband_promotion", "bayesopt"),
    "Hyperband": ("hyperband_synchronous", "random"),
    "BOHB": ("hyperband_synchronous", "kde"),
    "PASHA": ("hyperband_pasha", "random"),
    "Ray-RS": ("raytune_fifo", "random"),
    "Ray-skopt": ("raytune_fifo", "bayesopt"),
    "Ray-Optuna": ("raytune_fifo", "bayesopt_optuna"),
    "Ray-ASHA": ("raytune_hyperband", "random"),
    "Ray-ASHA-skopt": ("raytune_hyperband", "bayesopt"),
    "Ray-ASHA-Optuna": ("raytune_hyperband", "bayesopt_optuna"),
    "Optuna-TPE": ("fifo", "optuna_tpe"),
    "Optuna-GP": ("fifo", "optuna_gp"),
    "Nevergrad": ("fifo", "nevergrad"),
    "CMA-ES": ("fifo", "cmaes"),
    "BoTorch": ("fifo", "botorch"),
    "SMAC": ("fifo", "smac"),
    "SyneTune-BORE": ("fifo", "synetune_bore"),
    "SyneTune-CQR": ("fifo", "synetune_cqr"),
    "SyneTune-TPE": ("fifo", "synetune_kde"),
    "SyneTune-BoTorch": ("fifo", "synetune_botorch"),
    "SyneTune-ASHA": ("synetune_asha", "random"),
    "SyneTune-ASHABORE": ("synetune_asha", "synetune_bore"),
    "SyneTune-ASHACQR": ("synetune_asha", "synetune_cqr"),
    "SyneTune-BOHB": ("synetune_asha", "synetune_kde"),
}


def benchmarks() -> Mapping[str, Plugin]:
    """The table of benchmarks, which lives with the benchmarks."""
    table: Mapping[str, Plugin] = load("benchmarks.benchmark_factory:BENCHMARKS")
    return table


def searcher_of(scheduler: Plugin, name: str) -> Plugin:
    """What a searcher's name stands for under a scheduler. UsageError for an unknown name."""
    return lookup("searcher", scheduler.instead.get(name, name), SEARCHERS)
