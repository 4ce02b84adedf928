"""What only the cosets paper needs: neurons as functions of two operands, and their clusters."""
