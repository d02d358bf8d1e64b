"""Tandem's matching core: profiles, encoder, index, ranking, and the use cases made of them."""
