import { useProject } from "../../api/queries";
import type { Run } from "../../api/types";
import { Page } from "../../components/Page";
import { Failed, Loading } from "../../components/States";
import { m } from "../../messages";
import { OfRun } from "../runs/OfRun";
import { useAudits } from "./api";
import { Begin } from "./Begin";
import { LookUp } from "./LookUp";
import { Results } from "./Results";
import "./audit.css";

/** For admins: draw images at random, look them up one by one, and read what bounds follow. */
export default function AuditPage({ runId }: { runId: string }) {
  return (
    <OfRun id={runId} refusal={m.audit.panel.over}>
      {(run) => <Shown run={run} />}
    </OfRun>
  );
}

function Shown({ run }: { run: Run }) {
  const project = useProject(run.project_id);
  const audits = useAudits(run.id, true);
  const going = audits.data?.find((audit) => audit.passed === null);
  return (
    <Page
      title={m.audit.title}
      about={going ? undefined : m.audit.about}
      crumbs={[
        { text: m.projects.title, href: "/" },
        { text: project.data?.name ?? m.common.loading, href: `/projects/${run.project_id}` },
        { text: run.name || m.project.unnamedRun, href: `/runs/${run.id}` },
      ]}
    >
      {audits.isPending && <Loading rows={4} />}
      {audits.error && !audits.data && <Failed error={audits.error} onRetry={() => void audits.refetch()} />}
      {going && <LookUp key={going.id} runId={run.id} audit={going} />}
      {audits.data && !going && (
        <div className="stack">
          <Results audits={audits.data} />
          <Begin runId={run.id} />
        </div>
      )}
    </Page>
  );
}
