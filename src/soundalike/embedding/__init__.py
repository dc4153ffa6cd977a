"""The trained model: front end, statistics and encoder in one, and what it makes of sounds."""
