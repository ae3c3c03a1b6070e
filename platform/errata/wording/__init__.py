"""Documents in sentences, for whoever shows them: written last, and never read back."""
