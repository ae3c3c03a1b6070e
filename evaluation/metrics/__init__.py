"""Scores of one list of chapters against the right one; all in percent."""
