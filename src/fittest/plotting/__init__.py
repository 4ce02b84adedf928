"""One style and reusable panels. Draws tables, computes no statistics."""
