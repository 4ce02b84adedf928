"""What only the progress paper needs: how curves of losses are read."""
