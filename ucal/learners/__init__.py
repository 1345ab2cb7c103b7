"""Learning from labels that a round gives: SpCL and Cluster Contrast over one training loop."""
