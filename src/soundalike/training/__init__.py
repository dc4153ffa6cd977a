"""Pre-training, its recipes and run folders, and the protocols that test what was learned."""
