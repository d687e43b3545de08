"""Presentation: labels in two languages, plots, summaries, and the one-file HTML report."""
