import type { Round, Run } from "../../api/types";

/** Whether the newest finished round asked nothing, though one before it did, nor this one so far: more may not come. */
export function isIdle(run: Pick<Run, "judged">, rounds: readonly Pick<Round, "answers">[]): boolean {
  const [before, last] = [rounds.at(-2), rounds.at(-1)];
  return before !== undefined && before.answers > 0 && last?.answers === before.answers && run.judged === last.answers;
}
