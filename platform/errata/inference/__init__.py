"""Engines behind one interface, and the loop that lets a model fill a prompt's slots."""
