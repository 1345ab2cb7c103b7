import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Split } from "lucide-react";
import { useState } from "react";
import { api, imageUrl } from "../../api/client";
import { Button } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { moment } from "../../components/format";
import { More } from "../../components/More";
import { Link } from "../../components/router";
import { Empty, Failed, Loading, Refusal } from "../../components/States";
import { m } from "../../messages";
import type { Merge, MergePage, Parting } from "./types";
import { useEdits } from "./useEdits";

const PAGE = 48;

/** Who called which images the same, newest first; each can be taken apart. */
export function MergesList({ runId }: { runId: string }) {
  const [asked, ask] = useState<Merge | null>(null);
  const pages = useInfiniteQuery({
    queryKey: ["clusters", runId, "merges"],
    queryFn: ({ pageParam, signal }) =>
      api.get<MergePage>(`/runs/${runId}/merges?offset=${pageParam}&limit=${PAGE}`, signal),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (last.more ? all.length * PAGE : undefined),
  });
  const merges = pages.data?.pages.flatMap((page) => page.merges) ?? [];
  if (pages.isPending) return <Loading rows={4} />;
  if (!pages.data) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  if (merges.length === 0) return <Empty title={m.clusters.noMerges} detail={m.clusters.noMergesDetail} />;
  return (
    <>
      <ul className="event-list" data-testid="merges">
        {merges.map((merge) => (
          <li key={`${merge.answer_id}-${merge.left.id}-${merge.right.id}`} className="event-row">
            <span className="event-pair">
              <img src={imageUrl(merge.left.id, 128)} alt={merge.left.key} loading="lazy" />
              <img src={imageUrl(merge.right.id, 128)} alt={merge.right.key} loading="lazy" />
            </span>
            <span className="event-text">
              <span>{m.clusters.merged(merge.person)}</span>
              <span className="quiet small">
                {moment(merge.at)} · {m.clusters.inRound(merge.round + 1)}
              </span>
            </span>
            <Link href={`/runs/${runId}/clusters/${merge.left.id}`}>{m.clusters.openOf(merge.size)}</Link>
            {merge.apart ? (
              <span className="badge">{m.clusters.apart}</span>
            ) : (
              <Button icon={<Split size={16} aria-hidden />} onClick={() => ask(merge)}>
                {m.clusters.unmerge}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <More pages={pages} />
      {asked && <Unmerge runId={runId} merge={asked} onClose={() => ask(null)} />}
    </>
  );
}

/** What comes apart, said before it does. */
function Unmerge({ runId, merge, onClose }: { runId: string; merge: Merge; onClose: () => void }) {
  const { edit } = useEdits(runId);
  const parting = useQuery({
    queryKey: ["clusters", runId, "parting", merge.left.id, merge.right.id],
    queryFn: ({ signal }) => api.get<Parting>(`/runs/${runId}/merges/${merge.left.id}/${merge.right.id}`, signal),
  });
  const [one, two] = parting.data?.parts ?? [];
  const detail = parting.isPending
    ? m.common.loading
    : one === undefined || two === undefined
      ? m.clusters.alsoOthers
      : m.clusters.comesApart(one, two);
  return (
    <Confirm
      open
      title={m.clusters.unmergeTitle}
      detail={detail}
      action={m.clusters.unmerge}
      busy={edit.isPending || parting.isPending}
      refusal={<Refusal error={edit.error ?? parting.error} />}
      onClose={onClose}
      onConfirm={() =>
        edit.mutate(
          { kind: "unmerge", image: merge.left.id, images: [merge.right.id], text: "", version: null },
          { onSuccess: onClose },
        )
      }
    />
  );
}
