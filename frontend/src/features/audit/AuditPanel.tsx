import { Dices } from "lucide-react";
import { ButtonLink } from "../../components/Button";
import { moment } from "../../components/format";
import { Panel } from "../../components/Page";
import { m } from "../../messages";
import type { Run } from "../../api/types";
import { useAudits } from "./api";
import { hasPassed } from "./passed";
import { Bounds } from "./Results";
import "./audit.css";

/** On a run's page: that it ended, which is not "done", and what its newest audit says; `known`: its clusters were measured. */
export function AuditPanel({ run, admin, known }: { run: Run; admin: boolean; known: boolean }) {
  const words = m.audit.panel;
  const { data } = useAudits(run.id, admin);
  const newest = data?.[0];
  const passed = hasPassed(data, run);
  if (!admin && run.state !== "done") return null;
  return (
    <Panel
      title={m.audit.title}
      actions={
        admin && (
          <ButtonLink href={`/runs/${run.id}/audit`} icon={<Dices size={16} aria-hidden />}>
            {newest?.passed === null ? m.audit.resume : m.audit.open}
          </ButtonLink>
        )
      }
    >
      <div className="audit-panel" data-testid="run-audit">
        {run.state === "done" && !passed ? (
          <p>
            <strong>{words.dry}</strong> {known ? words.knownDetail : words.dryDetail}
          </p>
        ) : (
          <p>{passed ? words.passed : words.live}</p>
        )}
        {newest && (
          <>
            <p className="quiet small">{m.audit.results.of(m.audit.results.name(newest.attempt), moment(newest.created_at))}</p>
            <Bounds audit={newest} />
          </>
        )}
      </div>
    </Panel>
  );
}
