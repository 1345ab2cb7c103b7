import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { components } from "../../api/generated";

const FRESH_MS = 15_000;

type Expected = components["schemas"]["RunHealth"]["expected"];

/** How many questions the run will still ask, told from the rounds that ended; null: not to be told yet, undefined: not asked yet. */
export function useToCome(runId: string, round: number): number | null | undefined {
  const expected = useQuery({
    queryKey: ["to-come", runId, round],
    queryFn: async ({ signal }): Promise<Expected> =>
      (await api.get<components["schemas"]["RunHealth"]>(`/runs/${runId}/health`, signal)).expected,
    refetchInterval: FRESH_MS,
    placeholderData: (before) => before, // when a round ends: the bar stays where it was until the server has told anew
    retry: false,
  });
  return expected.data?.expected;
}
