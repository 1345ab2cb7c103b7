import { ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useRun, useSession } from "../../api/queries";
import type { Run } from "../../api/types";
import { PendingPage } from "../../components/PendingPage";
import { Empty } from "../../components/States";
import { m } from "../../messages";

interface OfRunProps {
  id: string;
  /** What to say to people who are no admins; without it the page is for everyone. */
  refusal?: string;
  children: (run: Run) => ReactNode;
}

/** A page about one run, once the run is there. */
export function OfRun({ id, refusal, children }: OfRunProps) {
  const run = useRun(id);
  const person = useSession().data?.person;
  if (refusal !== undefined && person && person.role !== "admin")
    return (
      <main id="content" className="page">
        <Empty whole icon={<ShieldAlert size={28} aria-hidden />} title={m.people.onlyAdmins} detail={refusal} />
      </main>
    );
  if (run.data) return children(run.data);
  return <PendingPage query={run} missing={m.runs.missing} />;
}
