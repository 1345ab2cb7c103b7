import { useInfiniteQuery } from "@tanstack/react-query";
import { Lock, Split, Tag, Unlock, X } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client";
import { useRun, useSession } from "../../api/queries";
import { Button } from "../../components/Button";
import { More } from "../../components/More";
import { Page, Panel } from "../../components/Page";
import { PendingPage } from "../../components/PendingPage";
import { Empty, Refusal } from "../../components/States";
import { m, n } from "../../messages";
import { cameraText } from "./ClusterCard";
import { Edits } from "./EditsList";
import { HistoryDialog } from "./HistoryDialog";
import { Members } from "./Members";
import { NameDialog } from "./NameDialog";
import { sectionsOf, type Order } from "./sections";
import type { ClusterOpen } from "./types";
import { useEdits } from "./useEdits";
import "./clusters.css";

const PAGE = 120;

/** One cluster, opened by any image in it. For admins. */
export default function ClusterPage({ id, image }: { id: string; image: string }) {
  const session = useSession();
  const [order, setOrder] = useState<Order>("fit");
  const pages = useInfiniteQuery({
    queryKey: ["clusters", id, "open", image, order],
    queryFn: ({ pageParam, signal }) =>
      api.get<ClusterOpen>(`/runs/${id}/clusters/${image}?order=${order}&offset=${pageParam}&limit=${PAGE}`, signal),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (all.length * PAGE < last.cluster.size ? all.length * PAGE : undefined),
    placeholderData: (before) => before,
    enabled: session.data?.person.role === "admin",
  });
  const [first, ...rest] = pages.data?.pages ?? [];
  if (session.data && session.data.person.role !== "admin")
    return (
      <main id="content" className="page">
        <Empty whole title={m.people.onlyAdmins} detail={m.clusters.blind} />
      </main>
    );
  if (first)
    return (
      <Opened
        runId={id}
        image={image}
        opened={{ ...first, members: [first, ...rest].flatMap((page) => page.members) }}
        order={order}
        onOrder={setOrder}
        more={<More pages={pages} />}
      />
    );
  return <PendingPage query={pages} missing={m.clusters.missing} />;
}

interface OpenedProps {
  runId: string;
  image: string;
  opened: ClusterOpen;
  order: Order;
  onOrder: (order: Order) => void;
  more: React.ReactNode;
}

function Opened({ runId, image, opened, order, onOrder, more }: OpenedProps) {
  const run = useRun(runId);
  const { cluster } = opened;
  const { edit } = useEdits(runId);
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [history, lookAt] = useState<string | null>(null);
  const [naming, setNaming] = useState(false);
  const here = opened.members.filter((member) => chosen.has(member.image.id)); // what left meanwhile is not meant
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  const send = (kind: "split" | "lock") =>
    edit.mutate(
      {
        kind,
        image,
        images: kind === "split" ? here.map((member) => member.image.id) : [],
        text: "",
        version: opened.version,
      },
      { onSuccess: () => choose(new Set()) },
    );
  const name = cluster.names.join(" / ");
  return (
    <Page
      title={name || m.clusters.images(cluster.size)}
      about={<Facts opened={opened} named={name !== ""} />}
      crumbs={[
        { text: m.projects.title, href: "/" },
        { text: run.data?.name || m.project.unnamedRun, href: `/runs/${runId}` },
        { text: m.clusters.title, href: `/runs/${runId}/clusters` },
      ]}
      actions={
        <>
          <Button icon={<Tag size={16} aria-hidden />} onClick={() => setNaming(true)}>
            {m.clusters.name}
          </Button>
          {!cluster.locked && (
            <Button icon={<Lock size={16} aria-hidden />} busy={edit.isPending} onClick={() => send("lock")}>
              {m.clusters.lock}
            </Button>
          )}
        </>
      }
    >
      <div className="stack">
        <Refusal error={edit.error} />
        <p className="quiet small">
          {cluster.locked ? (
            <>
              <Unlock size={14} aria-hidden className="inline-icon" /> {m.clusters.lockedDetail}
            </>
          ) : (
            m.clusters.splitHint
          )}
        </p>
        <div className="orders" role="group" aria-label={m.clusters.order}>
          {(["fit", "camera"] as const).map((one) => (
            <Button key={one} look="quiet" aria-pressed={order === one} onClick={() => onOrder(one)}>
              {m.clusters.orders[one]}
            </Button>
          ))}
        </div>
        {sectionsOf(opened, order).map((section) => (
          <Panel key={section.title} title={section.title} note={section.note}>
            <Members
              members={section.members}
              order={order}
              chosen={chosen}
              locked={cluster.locked || cluster.size < 2}
              onToggle={toggle}
              onHistory={lookAt}
            />
          </Panel>
        ))}
        {more}
        {opened.edits.length > 0 && (
          <Panel title={m.clusters.editsHere}>
            <Edits runId={runId} edits={opened.edits} />
          </Panel>
        )}
      </div>
      {here.length > 0 && (
        <div className="choice-bar" role="region" aria-label={m.clusters.chosen(here.length)}>
          <span>{m.clusters.chosen(here.length)}</span>
          <Button
            look="primary"
            icon={<Split size={16} aria-hidden />}
            busy={edit.isPending}
            disabled={here.length >= cluster.size}
            onClick={() => send("split")}
          >
            {m.clusters.split(here.length, cluster.size - here.length)}
          </Button>
          <Button look="quiet" icon={<X size={16} aria-hidden />} onClick={() => choose(new Set())}>
            {m.clusters.clear}
          </Button>
        </div>
      )}
      {history && <HistoryDialog runId={runId} imageId={history} onClose={() => lookAt(null)} />}
      {naming && <NameDialog runId={runId} cluster={cluster} onClose={() => setNaming(false)} />}
    </Page>
  );
}

function Facts({ opened: { cluster }, named }: { opened: ClusterOpen; named: boolean }) {
  const cameras = cluster.cameras.map(({ camera, images }) => `${cameraText(camera)}: ${n(images)}`);
  return (
    <span className="cluster-about">
      {named && <span>{m.clusters.images(cluster.size)}</span>}
      {cluster.size > 1 && <span>{m.clusters.confirmed(cluster.confirmed, cluster.size)}</span>}
      <span>{cameras.join(" · ")}</span>
      {cluster.in_conflict && <span className="badge badge-warn">{m.clusters.conflictBadge}</span>}
      {cluster.locked && <span className="badge">{m.clusters.lockedBadge}</span>}
    </span>
  );
}
