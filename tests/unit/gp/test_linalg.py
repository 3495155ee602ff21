import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
from threadpoolctl import threadpool_info

from harness.gp import lapack
from harness.gp.linalg import (
    cholesky_of,
    extend_inverse_factor,
    inverse,
    inverse_factor,
    log_determinant,
    solve,
    solve_small,
)
from harness.gp.threads import single_thread


def spd(n: int) -> np.ndarray:
    A = np.random.default_rng(n).normal(size=(n, n))
    return A @ A.T + n * np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 30])
def test_lapack_calls_equal_numpy(n: int) -> None:
    K = spd(n)
    L, jitter = cholesky_of(K)
    assert jitter == 0
    np.testing.assert_allclose(L, np.linalg.cholesky(K), atol=1e-10)
    np.testing.assert_allclose(np.tril(inverse(L.copy(order="F"))), np.tril(np.linalg.inv(K)), atol=1e-10)
    np.testing.assert_allclose(inverse_factor(L.copy(order="F")), np.linalg.inv(np.linalg.cholesky(K)), atol=1e-10)
    np.testing.assert_allclose(solve(L, np.eye(n)), np.linalg.inv(K), atol=1e-10)
    np.testing.assert_allclose(solve_small(K, K @ np.ones(n)), np.ones(n), atol=1e-10)
    assert log_determinant(L) == pytest.approx(np.linalg.slogdet(K)[1])


def test_a_factor_grows_by_rows() -> None:
    K = spd(9)
    grown = extend_inverse_factor(inverse_factor(cholesky_of(K[:6, :6])[0]), K[:6, 6:], K[6:, 6:])
    np.testing.assert_allclose(grown, inverse_factor(cholesky_of(K)[0]), atol=1e-10)


def test_a_singular_matrix_gets_jitter_and_an_impossible_one_an_error() -> None:
    L, jitter = cholesky_of(np.ones((5, 5)))
    assert 0 < jitter <= 1e-8 and np.isfinite(L).all()
    for bad in (np.full((3, 3), np.nan), -10 * np.eye(3)):
        with pytest.raises(np.linalg.LinAlgError):
            cholesky_of(bad)


def test_blas_has_one_thread_within_and_what_it_had_before_afterwards() -> None:
    def threads():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before = threads()
    with single_thread():
        assert set(threads()) == {1}
    assert threads() == before


def test_a_suggestion_needs_little_of_scipy() -> None:
    code = "import sys, harness.searchers.proposer; print('scipy.linalg' in sys.modules); import scipy.linalg.lapack; "
    code += "from harness.gp.lapack import lapack; print(scipy.linalg.lapack.dpotrf is lapack.dpotrf)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "True"]


def test_a_scipy_with_other_files_serves_too(monkeypatch) -> None:
    monkeypatch.setattr(lapack.PathFinder, "find_spec", lambda *_: None)
    assert lapack._loaded("blas") is scipy.linalg.blas and lapack._loaded("lapack") is scipy.linalg.lapack
