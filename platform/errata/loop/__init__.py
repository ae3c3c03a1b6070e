"""The roof, the only room where record, stages, evaluation and registry meet, by late imports."""
