/** A run's audits: what is known of them, and the image to look up next. */
import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { components } from "../../api/generated";

type Schemas = components["schemas"];

export type Audit = Schemas["AuditOut"];
export type Task = Schemas["AuditTask"];
export type Finding = Schemas["FindingNew"];
export type Share = Schemas["ShareOut"];

export const auditsKey = (runId: string) => ["audits", runId] as const;

/** A run's audits, newest first; for admins only. */
export function useAudits(runId: string, enabled: boolean) {
  return useQuery({
    queryKey: auditsKey(runId),
    queryFn: ({ signal }) => api.get<Audit[]>(`/runs/${runId}/audits`, signal),
    enabled,
  });
}

export const pathOf = (runId: string, audit: Audit): string => `/runs/${runId}/audits/${audit.id}`;
