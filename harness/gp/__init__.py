"""Gaussian processes on LAPACK, for data sets of up to about a thousand rows.

Notation, used throughout the package:

    n, d       rows of data, columns of the unit cube
    X          (n, d) configurations in [0, 1]^d. Numeric and ordinal hyper-parameters take one column each (on the log
               axis where they are logarithmic; integers at their exact position), a choice of m values m one-hot
               columns, a constant none
    groups     (d,) index of the length scale of each column; the columns of one choice share one
    weights    (d,) factor of each column in distances: 1, and sqrt(m / (12 (m - 1))) for one-hot columns, so that two
               random values of a choice lie at the mean squared distance of two random numbers, 1 / 6 / lengthscale^2
    theta      (q,) logarithms of the q - 1 length scales, then of the noise ratio
    D, K       (n, n) squared scaled distances; correlations k(D) plus the noise ratio on the diagonal
    S          (n, n) -dk/dD
    L          lower Cholesky factor of K
    F, beta    (n, p) basis of the linear part of the mean and its coefficients, b0 and P their prior mean and precision
    alpha      K^-1 (y - F beta)
    s2         signal variance; it and beta are profiled: closed forms for given theta
    mu, var    moments of the latent function (without noise)

A level is one resource level (rung) of a multi-fidelity experiment; `lower` holds the targets of the level below.
"""
