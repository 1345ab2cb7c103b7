import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import { Failed, Loading, messageOf } from "../../components/States";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import { auditsKey, pathOf, type Audit, type Finding, type Task } from "./api";
import { canSearchOn, findingOf, NONE, toggled, type Marks } from "./marks";
import { TaskScreen } from "./TaskScreen";
import { useAuditKeys } from "./useAuditKeys";

/** Marks of one image; `image` is null where they are for whichever image comes. */
interface Held {
  image: string | null;
  marks: Marks;
}

const FRESH: Held = { image: null, marks: NONE };

/** Look up the drawn images one after another; what was confirmed can be taken back until the last one. */
export function LookUp({ runId, audit }: { runId: string; audit: Audit }) {
  const client = useQueryClient();
  const path = pathOf(runId, audit);
  const [turn, setTurn] = useState(0);
  const [held, hold] = useState<Held>(FRESH);
  const [given, setGiven] = useState<readonly Held[]>([]);
  const task = useQuery({
    queryKey: ["audit-task", audit.id, turn, held.marks.pages] as const,
    queryFn: ({ signal }) => api.get<Task | null>(`${path}/next?pages=${held.marks.pages}`, signal),
    placeholderData: (before, query) => (query?.queryKey[2] === turn ? before : undefined),
    staleTime: Infinity,
    gcTime: 0,
  });
  const shown = task.data ?? undefined;
  const marks = held.image === null || held.image === shown?.image.id ? held.marks : NONE;
  const begun = useBegun(shown?.image.id, turn);

  const goOn = (known: Audit, next: Held) => {
    hold(next);
    setTurn((before) => before + 1);
    client.setQueryData<Audit[]>(auditsKey(runId), (all) => all?.map((one) => (one.id === known.id ? known : one)));
  };
  const renew = (error: unknown) => {
    say(messageOf(error));
    if (!(error instanceof ApiError) || error.status !== 409) return;
    hold(FRESH); // somebody else was here: see what is left
    setTurn((before) => before + 1);
    void client.invalidateQueries({ queryKey: auditsKey(runId) });
  };
  const send = useMutation({
    mutationFn: (finding: Finding) => api.post<Audit>(`${path}/findings`, finding),
    onSuccess: (known, finding) => {
      setGiven((before) => [...before, { image: finding.image, marks }]);
      goOn(known, FRESH);
    },
    onError: renew,
  });
  const undo = useMutation({
    mutationFn: () => api.post<Audit>(`${path}/undo`),
    onSuccess: (known) => {
      goOn(known, given.at(-1) ?? FRESH);
      setGiven((before) => before.slice(0, -1));
      say(m.audit.task.restored);
    },
    onError: renew,
  });
  const busy = send.isPending || undo.isPending || task.isPlaceholderData || !shown;
  const does = {
    confirm: () => {
      if (!busy && shown) send.mutate(findingOf(shown, marks, (performance.now() - begun.current) / 1000));
    },
    more: () => {
      if (!busy && shown && canSearchOn(shown, marks)) hold({ image: shown.image.id, marks: { ...marks, pages: marks.pages + 1 } });
    },
    back: () => {
      if (!send.isPending && !undo.isPending && audit.done > 0) undo.mutate();
    },
  };
  const hasKeys = useAuditKeys(does);
  useEffect(() => {
    if (task.data === null) void client.invalidateQueries({ queryKey: auditsKey(runId) }); // others looked up the rest
  }, [task.data, client, runId]);

  if (task.error && !shown) return <Failed error={task.error} onRetry={() => void task.refetch()} />;
  if (!shown) return <Loading rows={4} />;
  return (
    <TaskScreen
      key={`${turn} ${shown.image.id}`}
      audit={audit}
      task={shown}
      marks={marks}
      busy={busy}
      hasKeys={hasKeys}
      onToggle={(what, id) => hold({ image: shown.image.id, marks: toggled(marks, what, id) })}
      {...does}
    />
  );
}

/** When the image at hand was first shown, in milliseconds of the page's clock. */
function useBegun(image: string | undefined, turn: number) {
  const begun = useRef(0);
  useEffect(() => {
    begun.current = performance.now();
  }, [image, turn]);
  return begun;
}
