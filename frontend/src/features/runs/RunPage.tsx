import { Boxes, Download, MessageCircleQuestion } from "lucide-react";
import { address } from "../../api/client";
import { isOver, useMetrics, useProject, useSession } from "../../api/queries";
import type { Run, RunMetrics } from "../../api/types";
import { ButtonLink } from "../../components/Button";
import { Page } from "../../components/Page";
import { Refusal } from "../../components/States";
import { m } from "../../messages";
import { useAudits } from "../audit/api";
import { AuditPanel } from "../audit/AuditPanel";
import { hasPassed } from "../audit/passed";
import { Actions } from "./Actions";
import { Charts } from "./Charts";
import { Downloads } from "./Downloads";
import { HealthPanel } from "./HealthPanel";
import { OfRun } from "./OfRun";
import { PeoplePanel } from "./PeoplePanel";
import { Settings } from "./Settings";
import { StateLine } from "./StateLine";
import { Steps } from "./Steps";
import { Tiles } from "./Tiles";
import { Versions } from "./Versions";
import "./runs.css";

const NOTHING: RunMetrics = { rounds: [], losses: [] };

export default function RunPage({ id }: { id: string }) {
  return <OfRun id={id}>{(run) => <Shown run={run} />}</OfRun>;
}

function Shown({ run }: { run: Run }) {
  const admin = useSession().data?.person.role === "admin";
  const project = useProject(run.project_id);
  const metrics = useMetrics(run.id, !isOver(run.state));
  const audits = useAudits(run.id, admin);
  const figures = metrics.data ?? NOTHING;
  return (
    <Page
      title={run.name || m.project.unnamedRun}
      about={<StateLine run={run} audited={hasPassed(audits.data, run)} />}
      crumbs={[
        { text: m.projects.title, href: "/" },
        { text: project.data?.name ?? m.common.loading, href: `/projects/${run.project_id}` },
      ]}
      actions={<Ways run={run} admin={admin} />}
    >
      <div className="stack">
        {run.state === "failed" && (
          <section className="failure" role="alert">
            <h2>{m.runs.failedTitle}</h2>
            <p>{run.error ?? m.runs.noError}</p>
          </section>
        )}
        <Steps run={run} rounds={figures.rounds} />
        <Tiles run={run} rounds={figures.rounds} />
        <HealthPanel runId={run.id} live={!isOver(run.state)} />
        <AuditPanel run={run} admin={admin} known={figures.rounds.at(-1)?.pairwise != null} />
        {metrics.error && !metrics.data && <Refusal error={metrics.error} />}
        <Charts
          rounds={figures.rounds}
          losses={figures.losses}
          measured={project.data && { queries: project.data.queries, images: project.data.images }}
        />
        {admin && <PeoplePanel runId={run.id} live={!isOver(run.state)} />}
        <Versions rounds={figures.rounds} />
        <div className="run-foot">
          <Settings run={run} />
          <Downloads run={run} admin={admin} />
        </div>
      </div>
    </Page>
  );
}

/** Where one goes from here, and what an admin may do. */
function Ways({ run, admin }: { run: Run; admin: boolean }) {
  return (
    <>
      {!isOver(run.state) && run.config["annotator"] === "people" && (
        <ButtonLink
          href={`/runs/${run.id}/label`}
          look="primary"
          icon={<MessageCircleQuestion size={16} aria-hidden />}
        >
          {m.runs.answersLink}
        </ButtonLink>
      )}
      {admin && run.state === "done" && (
        <ButtonLink href={address(`/runs/${run.id}/clusters.csv`)} look="primary" icon={<Download size={16} aria-hidden />} download>
          {m.runs.downloadLabels}
        </ButtonLink>
      )}
      {admin && (
        <ButtonLink href={`/runs/${run.id}/clusters`} icon={<Boxes size={16} aria-hidden />}>
          {m.clusters.title}
        </ButtonLink>
      )}
      {admin && !isOver(run.state) && <Actions run={run} />}
    </>
  );
}
