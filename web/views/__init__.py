"""The views: one noun each."""
