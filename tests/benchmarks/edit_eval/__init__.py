"""Edits by a real model on a real server, beside aider's on the same model.

``python -m tests.benchmarks.edit_eval`` runs the tasks under ``tasks/`` and prints the figures.
"""
