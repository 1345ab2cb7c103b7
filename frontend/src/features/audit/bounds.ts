/** Bounds as they are said: rounded to the side on which they still hold. */
const FIRST_RISK = 0.025; // of a project's first audit: 1 - its confidence

/** The bound of a first audit in which so many drawn links show no fault: Clopper and Pearson, half the risk a side. */
export function faultlessBound(links: number): number {
  return 1 - (FIRST_RISK / 2) ** (1 / links);
}

/** An upper bound as a percentage with one decimal, rounded up. */
export function atMost(share: number): string {
  return `${(Math.ceil(1000 * share - 1e-6) / 10).toFixed(1)}\u00a0%`;
}

/** A confidence as a percentage with two decimals, rounded down. */
export function atLeast(share: number): string {
  return `${(Math.floor(10_000 * share + 1e-6) / 100).toFixed(2)}\u00a0%`;
}
