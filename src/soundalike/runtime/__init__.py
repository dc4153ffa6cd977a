"""What any long-running program needs, independent of sound."""
