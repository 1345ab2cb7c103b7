import { useInfiniteQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { address, api } from "../../api/client";
import { useProject } from "../../api/queries";
import type { Run } from "../../api/types";
import { ButtonLink } from "../../components/Button";
import { More } from "../../components/More";
import { Page } from "../../components/Page";
import { Link, useLocation } from "../../components/router";
import { Empty, Failed, Loading } from "../../components/States";
import { m, n } from "../../messages";
import { OfRun } from "../runs/OfRun";
import { ClusterCard } from "./ClusterCard";
import { EditsList } from "./EditsList";
import { MergesList } from "./MergesList";
import type { ClusterPageOut, ClusterSort } from "./types";
import "./clusters.css";

const PAGE = 48;
const SORTS: readonly ClusterSort[] = ["size", "doubt", "alone", "named", "locked"];
type Shown = ClusterSort | "merges" | "edits";
const ALL: readonly Shown[] = ["size", "doubt", "merges", "alone", "named", "locked", "edits"];

/** A run's clusters as they stand now: the model's grouping with all answers and edits. For admins. */
export default function ClustersPage({ id }: { id: string }) {
  return (
    <OfRun id={id} refusal={m.clusters.blind}>
      {(run) => <Listed run={run} />}
    </OfRun>
  );
}

function Listed({ run }: { run: Run }) {
  const { id } = run;
  const project = useProject(run.project_id);
  const asked = new URLSearchParams(useLocation().split("?")[1]).get("show");
  const shown = ALL.find((one) => one === asked) ?? "size";
  return (
    <Page
      title={m.clusters.title}
      about={m.clusters.about}
      crumbs={[
        { text: m.projects.title, href: "/" },
        { text: project.data?.name ?? m.common.loading, href: `/projects/${run.project_id}` },
        { text: run.name || m.project.unnamedRun, href: `/runs/${id}` },
      ]}
      actions={
        <ButtonLink href={address(`/runs/${id}/clusters.csv`)} download icon={<Download size={16} aria-hidden />}>
          {m.clusters.download}
        </ButtonLink>
      }
    >
      <div className="stack">
        <nav className="tabs" aria-label={m.clusters.views}>
          {ALL.map((one) => (
            <Link
              key={one}
              href={`/runs/${id}/clusters${one === "size" ? "" : `?show=${one}`}`}
              className="tab"
              aria-current={one === shown ? "page" : undefined}
            >
              {m.clusters.sorts[one]}
            </Link>
          ))}
        </nav>
        {shown === "merges" && <MergesList runId={id} />}
        {shown === "edits" && <EditsList runId={id} />}
        {isSort(shown) && <Grid runId={id} sort={shown} />}
      </div>
    </Page>
  );
}

const isSort = (shown: Shown): shown is ClusterSort => SORTS.some((sort) => sort === shown);

function Grid({ runId, sort }: { runId: string; sort: ClusterSort }) {
  const pages = useInfiniteQuery({
    queryKey: ["clusters", runId, "list", sort],
    queryFn: ({ pageParam, signal }) =>
      api.get<ClusterPageOut>(`/runs/${runId}/clusters?sort=${sort}&offset=${pageParam}&limit=${PAGE}`, signal),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (all.length * PAGE < last.found ? all.length * PAGE : undefined),
  });
  const first = pages.data?.pages[0];
  const clusters = pages.data?.pages.flatMap((page) => page.clusters) ?? [];
  if (pages.isPending) return <Loading rows={4} />;
  if (!first) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  return (
    <>
      <Totals totals={first.totals} />
      <p className="quiet small" data-testid="clusters-found">
        {m.clusters.hints[sort]} · {m.clusters.found(first.found)}
      </p>
      {clusters.length === 0 && <Empty title={m.clusters.none} detail={m.clusters.noneOf[sort]} />}
      <ul className={sort === "alone" ? "cluster-grid cluster-grid-small" : "cluster-grid"} data-testid="cluster-grid">
        {clusters.map((cluster) => (
          <li key={cluster.image.id}>
            <ClusterCard runId={runId} cluster={cluster} />
          </li>
        ))}
      </ul>
      <More pages={pages} />
    </>
  );
}

function Totals({ totals }: { totals: ClusterPageOut["totals"] }) {
  const names = m.clusters.totals;
  const figures: [string, number][] = [
    [names.images, totals.images],
    [names.clusters, totals.clusters],
    [names.alone, totals.alone],
    [names.confirmed, totals.confirmed],
    [names.named, totals.named],
    [names.locked, totals.locked],
    [names.round, totals.round + 1],
  ];
  return (
    <dl className="counts" data-testid="cluster-totals">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{n(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
