"""Estimators side by side on the same people."""
