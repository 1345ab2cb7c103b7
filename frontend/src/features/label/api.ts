import { api } from "../../api/client";
import type { LabelApi } from "./types";

/** The label page's calls for one run. */
export function labelApi(runId: string): LabelApi {
  const run = `/runs/${encodeURIComponent(runId)}`;
  return {
    lease: (count, held) => api.post(`${run}/leases`, { count, held }),
    heartbeat: (question_ids) => api.post(`${run}/heartbeat`, { question_ids }),
    release: (question_ids, how) =>
      api.post(`${run}/release`, { question_ids, later: how === "later" }, { keepalive: how === "leaving" }),
    answer: (body) => api.post(`${run}/answers`, body),
    undo: (answerId) => api.post(`${run}/answers/${encodeURIComponent(answerId)}/undo`),
    mine: (limit, offset) => api.get(`${run}/answers?mine=true&standing=true&limit=${limit}&offset=${offset}`),
    reversal: (answerId) => api.get(`${run}/answers/${encodeURIComponent(answerId)}/undo`),
  };
}
