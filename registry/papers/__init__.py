"""What travels with a model: its card and its bill of materials, from what the record and the nights say of it."""
