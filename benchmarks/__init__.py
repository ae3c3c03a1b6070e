"""Measurements that hold the project to its figures; each exits non-zero when one is missed."""
