import type { QueueProgress } from "../../api/types";
import type { Op } from "./types";

/** The server's figures with what is still on its way counted in. */
export function progressWith(progress: QueueProgress, waiting: readonly Op[]): QueueProgress {
  const ahead = waiting.reduce((sum, op) => sum + (op.kind === "answer" ? 1 : -1), 0);
  if (ahead === 0) return progress;
  return {
    ...progress,
    answered_round: Math.max(0, progress.answered_round + ahead),
    open_round: Math.max(0, progress.open_round - ahead),
    answered_by_me: Math.max(0, progress.answered_by_me + ahead),
    answered_total: Math.max(0, progress.answered_total + ahead),
  };
}
