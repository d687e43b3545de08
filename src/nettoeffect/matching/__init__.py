"""Matching and weighting: comparison units that look like participants, and what follows from comparing them."""
