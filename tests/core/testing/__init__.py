"""Tests of where tests of some code belong."""
