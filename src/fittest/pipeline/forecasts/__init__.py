"""Time and memory that training needs, and how far it is."""
