"""Figures: what the server costs, beside others on the same machine in the same minutes.

``python -m tests.benchmarks`` prints them as tables. No time is asserted anywhere.
"""
