import { CircleAlert, CircleCheck } from "lucide-react";
import { duration, moment } from "../../components/format";
import { Panel } from "../../components/Page";
import { Empty } from "../../components/States";
import { m } from "../../messages";
import type { Audit, Share } from "./api";
import { atLeast, atMost } from "./bounds";

/** What each audit of a run bounds, in plain words, newest first. */
export function Results({ audits }: { audits: Audit[] }) {
  const words = m.audit.results;
  return (
    <Panel title={words.title} note={audits.length > 0 ? words.attempt : undefined}>
      {audits.length === 0 && <Empty title={words.empty} detail={words.emptyDetail} />}
      <ul className="audits" data-testid="audits">
        {audits.map((audit) => (
          <li key={audit.id} className="audit">
            <h3 className="audit-name">
              {words.name(audit.attempt)} <span className="quiet small">{moment(audit.created_at)}</span>
            </h3>
            <Bounds audit={audit} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** The two bounds with their confidence and cost; while the audit goes on, how far it is. */
export function Bounds({ audit }: { audit: Audit }) {
  const words = m.audit.results;
  if (audit.passed === null || !audit.wrong || !audit.missed)
    return <p className="quiet">{words.going(audit.done, audit.images)}</p>;
  const allowed = atMost(audit.allowed);
  return (
    <div className="audit-says" data-testid="audit-says" data-passed={audit.passed}>
      <p className={audit.passed ? "audit-verdict audit-passed" : "audit-verdict audit-failed"}>
        {audit.passed ? <CircleCheck size={18} aria-hidden /> : <CircleAlert size={18} aria-hidden />}
        <strong>{audit.passed ? words.passed : words.failed}</strong>
      </p>
      <dl className="audit-bounds">
        <Bound share={audit.wrong} says={words.wrong} />
        <Bound share={audit.missed} says={words.missed} />
      </dl>
      <p>{words.confidence(atLeast(audit.confidence))}</p>
      <p className="quiet">{audit.passed ? words.passedDetail(allowed) : words.failedDetail(allowed)}</p>
      <p className="quiet small">
        {words.cost(audit.actions, duration(audit.seconds))} {words.limits}
      </p>
    </div>
  );
}

function Bound({ share, says }: { share: Share; says: (upper: string) => string }) {
  const words = m.audit.results;
  return (
    <div>
      <dt>{says(atMost(share.upper))}</dt>
      <dd className="quiet small">{share.n === 0 ? words.none : words.sample(share.count, share.n)}</dd>
    </div>
  );
}
