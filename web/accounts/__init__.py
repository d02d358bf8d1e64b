"""Signing in: Flask-Security over our tables, and the identity that every request has."""
