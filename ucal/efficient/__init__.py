"""The efficient policy's parts: how to reach the clusters with the fewest human actions.

preparation  soft whitening; the within-class metric learnt from the answers
linkage      average linkage over neighbour lists
calibration  where "same" ends: a few cards on the tree's merges
components   micro-clusters (atoms) and answers -> components that no answer breaks
belief       P(same) of a tile, fitted to the answers
guess        the best-guess clusters
pages        which groups to show on which page

Words: a *row* is an image; an *atom* is a micro-cluster believed pure but never asserted; a
*component* is rows joined by atoms and by "same" answers; a *cluster* is the best-guess union of
components. Everything is derived from the features and the log of answers.
"""
