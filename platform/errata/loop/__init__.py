"""The roof, the only room where record, stages, evaluation and registry meet: what calls it imports it late."""
