"""Arrays and tables in, tables out. Nothing here trains, draws or touches files."""
