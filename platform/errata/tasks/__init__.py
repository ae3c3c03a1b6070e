"""What a model is asked and how its answer is read. One renderer serves training and inference."""
