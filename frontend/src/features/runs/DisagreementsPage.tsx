import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, imageUrl } from "../../api/client";
import { useProject } from "../../api/queries";
import type { Disagreement, Disagreements, Run } from "../../api/types";
import { Button } from "../../components/Button";
import { moment } from "../../components/format";
import { Page } from "../../components/Page";
import { Empty, Failed, Loading, Refusal } from "../../components/States";
import { m } from "../../messages";
import { OfRun } from "./OfRun";
import "./runs.css";
import "./disagreements.css";

const AT_ONCE = 50;

/** For admins: the pairs of which people say different things; what is true of them can be marked here. */
export default function DisagreementsPage({ runId }: { runId: string }) {
  return (
    <OfRun id={runId} refusal={m.people.onlyAdminsDetail}>
      {(run) => <Shown run={run} />}
    </OfRun>
  );
}

function Shown({ run }: { run: Run }) {
  const words = m.runs.disagree;
  const project = useProject(run.project_id);
  const key = ["disagreements", run.id];
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      api.get<Disagreements>(`/runs/${run.id}/disagreements?offset=${pageParam}&limit=${AT_ONCE}`, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const shown = AT_ONCE * pages.length;
      return shown < last.total ? shown : undefined;
    },
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const rest = (list.data?.pages[0]?.total ?? 0) - items.length;
  return (
    <Page
      title={words.title}
      about={words.about}
      crumbs={[
        { text: m.projects.title, href: "/" },
        { text: project.data?.name ?? m.common.loading, href: `/projects/${run.project_id}` },
        { text: run.name || m.project.unnamedRun, href: `/runs/${run.id}` },
      ]}
    >
      <section className="panel" aria-label={words.title}>
        {list.isPending && <Loading rows={4} />}
        {list.error && <Failed error={list.error} onRetry={() => void list.refetch()} />}
        {list.data && items.length === 0 && <Empty title={words.empty} detail={words.emptyDetail} />}
        <ul className="disputes" data-testid="disputes">
          {items.map((item) => (
            <Dispute key={`${item.left.id}-${item.right.id}`} item={item} projectId={run.project_id} listKey={key} />
          ))}
        </ul>
        {list.hasNextPage && (
          <Button className="disputes-more" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {words.more(rest)}
          </Button>
        )}
      </section>
    </Page>
  );
}

interface DisputeProps {
  item: Disagreement;
  projectId: string;
  listKey: string[];
}

function Dispute({ item, projectId, listKey }: DisputeProps) {
  const words = m.runs.disagree;
  const client = useQueryClient();
  const path = `/projects/${projectId}/gold`;
  const mark = useMutation({
    mutationFn: (same: boolean | null) =>
      same === null
        ? api.delete(`${path}/${item.left.id}/${item.right.id}`)
        : api.post(path, { left: item.left.id, right: item.right.id, same }),
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: listKey }),
        client.invalidateQueries({ queryKey: ["gold", projectId] }),
      ]);
    },
  });
  const name = words.pair(item.left.row, item.right.row);
  return (
    <li className="dispute" aria-label={name}>
      <div className="dispute-images">
        <img src={imageUrl(item.left.id, 256)} alt={item.left.key} loading="lazy" />
        <img src={imageUrl(item.right.id, 256)} alt={item.right.key} loading="lazy" />
      </div>
      <div className="dispute-words">
        <ul className="dispute-votes">
          {item.votes.map((vote) => (
            <li key={vote.person}>
              <strong>{vote.person}</strong> {wordOf(vote.verdict)} <span className="quiet small">{moment(vote.at)}</span>
            </li>
          ))}
        </ul>
        <p className="quiet">{item.verdict === null ? words.open : words.holds(wordOf(item.verdict))}</p>
        <div className="dispute-truth" role="group" aria-label={`${words.truth}: ${name}`}>
          <span>{words.truth}</span>
          {(["same", "different"] as const).map((verdict) => (
            <Button
              key={verdict}
              look={item.truth === verdict ? "primary" : "plain"}
              aria-pressed={item.truth === verdict}
              disabled={mark.isPending}
              onClick={() => mark.mutate(verdict === "same")}
            >
              {wordOf(verdict)}
            </Button>
          ))}
          {item.truth !== null && (
            <Button look="quiet" disabled={mark.isPending} onClick={() => mark.mutate(null)}>
              {words.forget}
            </Button>
          )}
        </div>
        <Refusal error={mark.error} />
      </div>
    </li>
  );
}

function wordOf(verdict: string): string {
  return (m.label.verdicts as Record<string, string>)[verdict] ?? verdict;
}
