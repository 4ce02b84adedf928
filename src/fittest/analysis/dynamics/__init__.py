"""How signals move while a network trains: gradients, equations of motion."""
