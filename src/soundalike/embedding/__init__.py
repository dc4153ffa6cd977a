"""The trained model in one piece, and what is done with it without labels: embed, classify."""
