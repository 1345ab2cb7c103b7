"""Who says what to ask: UCAL's SNPS and MPPS, and the baselines to compare with."""
