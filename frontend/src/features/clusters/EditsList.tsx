import { useInfiniteQuery } from "@tanstack/react-query";
import { Undo2 } from "lucide-react";
import { api, imageUrl } from "../../api/client";
import { Button } from "../../components/Button";
import { moment } from "../../components/format";
import { More } from "../../components/More";
import { Link } from "../../components/router";
import { Empty, Failed, Loading } from "../../components/States";
import { m } from "../../messages";
import type { Edit } from "./types";
import { useEdits } from "./useEdits";

const PAGE = 48;

/** Everything people did to clusters, newest first; each can be taken back. */
export function EditsList({ runId }: { runId: string }) {
  const pages = useInfiniteQuery({
    queryKey: ["clusters", runId, "edits"],
    queryFn: ({ pageParam, signal }) => api.get<Edit[]>(`/runs/${runId}/edits?offset=${pageParam}&limit=${PAGE}`, signal),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (last.length === PAGE ? all.length * PAGE : undefined),
  });
  const edits = pages.data?.pages.flat() ?? [];
  if (pages.isPending) return <Loading rows={4} />;
  if (!pages.data) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  if (edits.length === 0) return <Empty title={m.clusters.noEdits} detail={m.clusters.noEditsDetail} />;
  return (
    <>
      <Edits runId={runId} edits={edits} />
      <More pages={pages} />
    </>
  );
}

export function Edits({ runId, edits }: { runId: string; edits: Edit[] }) {
  const { undo } = useEdits(runId);
  return (
    <ul className="event-list" data-testid="edits">
      {edits.map((edit) => (
        <li key={edit.id} className="event-row">
          <Link href={`/runs/${runId}/clusters/${edit.image.id}`} className="event-pair">
            <img src={imageUrl(edit.image.id, 128)} alt={edit.image.key} loading="lazy" />
          </Link>
          <span className="event-text">
            <span className={edit.undone ? "struck" : undefined}>{wordsOf(edit)}</span>
            <span className="quiet small">
              {edit.person} · {moment(edit.at)} · {m.clusters.inRound(edit.round + 1)}
            </span>
          </span>
          {edit.undone ? (
            <span className="badge">{m.clusters.undoneBadge}</span>
          ) : (
            <Button
              icon={<Undo2 size={16} aria-hidden />}
              busy={undo.isPending && undo.variables === edit.id}
              onClick={() => undo.mutate(edit.id)}
            >
              {edit.kind === "lock" ? m.clusters.unlock : m.clusters.undo}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** An edit in words. */
export function wordsOf({ kind, sizes, text }: Pick<Edit, "sizes" | "text"> & { kind: string }): string {
  const [one = 1, two = 1] = sizes;
  if (kind === "split") return m.clusters.said.split(one, two);
  if (kind === "lock") return m.clusters.said.lock(one);
  if (kind === "unmerge") return m.clusters.said.unmerge;
  return text === "" ? m.clusters.said.unnamed : m.clusters.said.name(text);
}
