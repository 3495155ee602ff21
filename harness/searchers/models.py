"""Which model stands behind `bayesopt`, by its options."""

from __future__ import annotations

from harness.core.encode import Encoder
from harness.gp.curve_models import ExpDecayCurves, StateSpaceCurves
from harness.gp.fit import Fitter
from harness.gp.forms import Form, additive, dense
from harness.gp.rows import Limit
from harness.searchers.bayesopt import BayesOptOptions
from harness.searchers.independent import IndependentSurrogate
from harness.searchers.joint_surrogate import JointSurrogate
from harness.searchers.surrogate import Surrogate, metric_of

# Where data are no nested rungs and no kernel is named: of all kernels this one ranked the better half of the
# configurations of two real tables best, though with few seeds and less well than the chain on rungs.
_RESOURCE_KERNEL = "matern52"
# Where there are several levels, parts of an octave of rows at which a process is fitted: by itself, on one below.
_PARTS, _PARTS_ABOVE = 8, 2


def surrogate_of(encoder: Encoder, levels: tuple[int, ...], options: BayesOptOptions) -> Surrogate | JointSurrogate:
    """For `levels` ascending resource levels of the scheduler; without any, one process of final results."""
    limit = Limit(options.searcher_max_size_data_for_model, options.searcher_max_size_top_fraction)
    form = _form(encoder, options) if levels else None
    pending = not options.searcher_no_fantasizing
    if form is not None:
        data = options.searcher_data if options.searcher_model == "gp_multitask" else "all"
        return JointSurrogate(encoder, levels, data, form, limit, pending=pending)
    independent = bool(levels) and options.searcher_model == "gp_independent"

    def make_fitter(above: bool) -> Fitter:
        linked = above and not independent
        return Fitter(
            metric_of(encoder),
            limit,
            above=linked,
            kernel=options.searcher_gp_kernel,
            targets=("plain",) if options.searcher_no_warping else ("ranks",) if levels else ("plain", "warped"),
            every_until=options.searcher_opt_skip_init_length,
            period=options.searcher_opt_skip_period,
            parts=(_PARTS_ABOVE if linked else _PARTS) if levels else None,
            sharp=not levels,
            starts=options.searcher_opt_nstarts,
            evaluations=options.searcher_opt_maxiter,
        )

    kind = IndependentSurrogate if independent else Surrogate
    return kind(encoder, levels, limit, pending=pending, make_fitter=make_fitter)


def _form(encoder: Encoder, options: BayesOptOptions) -> Form | None:
    """The process over (configuration, resource); None where levels have processes of their own."""
    metric = metric_of(encoder)
    match options.searcher_model:
        case "gp_issm":
            return additive(StateSpaceCurves(options.searcher_issm_gamma_one), metric)
        case "gp_expdecay":
            return additive(ExpDecayCurves(options.searcher_expdecay_normalize_inputs), metric)
        case "gp_independent":
            return None
    if options.searcher_gp_resource_kernel != "auto":
        return dense(options.searcher_gp_resource_kernel, metric)
    return None if options.searcher_data == "rungs" else dense(_RESOURCE_KERNEL, metric)
