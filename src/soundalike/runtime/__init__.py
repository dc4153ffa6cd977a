"""What any long-running program needs: nothing here knows about sound."""
