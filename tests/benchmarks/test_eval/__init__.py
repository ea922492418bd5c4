"""Tests written by a real model on a real server, run on sound code and on broken code.

``python -m tests.benchmarks.test_eval`` runs the tasks under ``tasks/`` and prints the figures.
"""
