import type { UseQueryResult } from "@tanstack/react-query";
import { Failed, Loading } from "./States";

interface PendingPageProps {
  query: Pick<UseQueryResult, "error" | "refetch">;
  /** What to say when what is asked for does not exist. */
  missing: string;
}

/** A page before its content is there: on its way, or failed. */
export function PendingPage({ query, missing }: PendingPageProps) {
  return (
    <main id="content" className="page">
      {query.error ? (
        <Failed error={query.error} missing={missing} onRetry={() => void query.refetch()} />
      ) : (
        <Loading rows={4} />
      )}
    </main>
  );
}
