"""What a target costs: plans, measurements of this machine, cluster requests."""
