"""A static site of what was found: papers, figures, claims, explorers and all documentation.

Built from results on disk alone (`python -m fittest.site`): nothing is trained or judged here. The
pages are Markdown that Zensical turns into HTML; what readers explore in the browser is
Parquet, wrapped so that pages opened from the file system may read it too.
"""
