import type { Run } from "../../api/types";
import type { Audit } from "./api";

/** Whether the newest audit that was told passed; one that began before the run ended says nothing about its end. */
export function hasPassed(audits: readonly Pick<Audit, "passed" | "created_at">[] | undefined, run: Pick<Run, "finished_at">): boolean {
  const told = audits?.find((audit) => audit.passed !== null);
  if (!told?.passed) return false;
  return run.finished_at === null || Date.parse(told.created_at) >= Date.parse(run.finished_at);
}
