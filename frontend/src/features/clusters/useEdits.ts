import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import { messageOf } from "../../components/States";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import type { Edit, EditNew } from "./types";

const CHARS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** An id that is made once for an edit, so that a repeated request counts once. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return `edit-${Array.from(bytes, (byte) => CHARS[byte % CHARS.length]).join("")}`;
}

/** Edit clusters of a run and take edits back; what is shown of its clusters is fetched anew. */
export function useEdits(runId: string) {
  const client = useQueryClient();
  const renew = () => client.invalidateQueries({ queryKey: ["clusters", runId] });
  const undo = useMutation({
    mutationFn: (id: string) => api.post<Edit>(`/runs/${runId}/edits/${id}/undo`),
    onSuccess: () => {
      say(m.clusters.undone);
      return renew();
    },
    onError: (error) => say(messageOf(error)),
  });
  const edit = useMutation({
    mutationFn: (body: Omit<EditNew, "id">) => api.post<Edit>(`/runs/${runId}/edits`, { id: newId(), ...body }),
    onSuccess: (made) => {
      say(m.clusters.done[made.kind], { name: m.clusters.undo, run: () => undo.mutate(made.id) });
      return renew();
    },
    onError: () => renew(),
  });
  return { edit, undo };
}
