"""What notebooks call: `fittest.load`, `fittest.train`, `fittest.figure` and a few names more.

The names and what they return are stable; `fittest/__init__.py` lists them.
"""
