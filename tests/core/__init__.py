"""Tests of the pure layer."""

from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code: no time limit per example.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
