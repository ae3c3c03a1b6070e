"""Plain typed values, without I/O: what a transcript, a chapter, a prediction and a correction are."""
