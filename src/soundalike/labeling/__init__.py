"""What a person says about windows of an archive, stored beside its rows."""
