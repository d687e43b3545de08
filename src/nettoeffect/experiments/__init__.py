"""Randomised experiments and what they identify."""
