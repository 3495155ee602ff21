"""Runs a training script that does not report, and reports for it: metrics come from its output or its logs.

Standard library only (and TensorBoard where its files are read): it runs beside the script, wherever that is.
"""
