"""Sample talks with known chapters, for a first run of the loop without anybody's data."""
