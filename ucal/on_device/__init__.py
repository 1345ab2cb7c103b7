"""The clustering step and the ranks of evaluation as torch operations, for a GPU; they run on any torch device.

The doors are `ucal.neighbours`, `ucal.jaccard`, `ucal.clustering` and `ucal.evaluation`, which come here when their
device is not the CPU (there the compiled loops are faster). No operation here depends on the order in which a GPU's
threads run: whole numbers are counted and compared by atomic operations, float64 sums go in rows' order.
"""
