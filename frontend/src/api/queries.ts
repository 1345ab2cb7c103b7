/** Reads that more than one feature needs. */
import { useQuery } from "@tanstack/react-query";
import { api } from "./client";
import type { Project, Run, RunMetrics, RunState, Session } from "./types";

const OVER: readonly RunState[] = ["done", "failed", "cancelled"];
const RUN_POLL_MS = 2000;

export const isOver = (state: RunState): boolean => OVER.includes(state);

export const keys = {
  session: ["session"] as const,
  projects: ["projects"] as const,
  project: (id: string) => ["project", id] as const,
  runs: (projectId: string) => ["runs", projectId] as const,
  run: (id: string) => ["run", id] as const,
  metrics: (id: string) => ["metrics", id] as const,
};

export function useSession() {
  return useQuery({
    queryKey: keys.session,
    queryFn: ({ signal }) => api.get<Session>("/session", signal),
    staleTime: 5 * 60_000,
  });
}

export function useProject(id: string) {
  return useQuery({
    queryKey: keys.project(id),
    queryFn: ({ signal }) => api.get<Project>(`/projects/${id}`, signal),
    refetchInterval: (query) => {
      const state = query.state.data?.imported.state;
      return state === "waiting" || state === "reading" ? 1000 : 10_000;
    },
  });
}

export function useRun(id: string) {
  return useQuery({
    queryKey: keys.run(id),
    queryFn: ({ signal }) => api.get<Run>(`/runs/${id}`, signal),
    refetchInterval: (query) => (query.state.data && isOver(query.state.data.state) ? false : RUN_POLL_MS),
  });
}

/** Figures per round; polled while the run goes on. */
export function useMetrics(id: string, live: boolean) {
  return useQuery({
    queryKey: keys.metrics(id),
    queryFn: ({ signal }) => api.get<RunMetrics>(`/runs/${id}/metrics`, signal),
    refetchInterval: live ? RUN_POLL_MS : false,
  });
}
