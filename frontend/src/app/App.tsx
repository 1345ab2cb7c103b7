import { lazy, Suspense, useEffect } from "react";
import { isSignedOut } from "../api/errors";
import { useSession } from "../api/queries";
import { go, match, useLocation, type Params } from "../components/router";
import { Failed, Loading } from "../components/States";
import { Toasts } from "../components/Toasts";
import { SignInPage } from "../features/session/SignInPage";
import { ErrorBoundary } from "./ErrorBoundary";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

const ProjectsPage = lazy(() => import("../features/projects/ProjectsPage"));
const ProjectPage = lazy(() => import("../features/projects/ProjectPage"));
const LabelPage = lazy(() => import("../features/label/LabelPage"));
const HelpPage = lazy(() => import("../features/label/HelpPage"));
const PracticePage = lazy(() => import("../features/label/PracticePage"));
const RunPage = lazy(() => import("../features/runs/RunPage"));
const DisagreementsPage = lazy(() => import("../features/runs/DisagreementsPage"));
const AuditPage = lazy(() => import("../features/audit/AuditPage"));
const ComparePage = lazy(() => import("../features/runs/ComparePage"));
const ClustersPage = lazy(() => import("../features/clusters/ClustersPage"));
const ClusterPage = lazy(() => import("../features/clusters/ClusterPage"));
const TokensPage = lazy(async () => ({ default: (await import("../features/session/TokensPage")).TokensPage }));
const PeoplePage = lazy(async () => ({ default: (await import("../features/session/PeoplePage")).PeoplePage }));

const ROUTES: [string, (params: Params) => React.ReactNode][] = [
  ["/", () => <ProjectsPage />],
  ["/projects/:id", ({ id }) => <ProjectPage key={id} id={id!} />],
  ["/runs/:id", ({ id }) => <RunPage key={id} id={id!} />],
  ["/projects/:id/compare", ({ id }) => <ComparePage key={id} id={id!} />],
  ["/runs/:id/clusters", ({ id }) => <ClustersPage key={id} id={id!} />],
  ["/runs/:id/clusters/:image", ({ id, image }) => <ClusterPage key={`${id} ${image}`} id={id!} image={image!} />],
  ["/runs/:id/label", ({ id }) => <LabelPage key={id} runId={id!} />],
  ["/runs/:id/disagreements", ({ id }) => <DisagreementsPage key={id} runId={id!} />],
  ["/runs/:id/audit", ({ id }) => <AuditPage key={id} runId={id!} />],
  ["/help", () => <HelpPage />],
  ["/practice", () => <PracticePage project={new URLSearchParams(location.search).get("project")} />],
  ["/tokens", () => <TokensPage />],
  ["/people", () => <PeoplePage />],
];

function pageOf(path: string): React.ReactNode {
  for (const [pattern, render] of ROUTES) {
    const params = match(pattern, path);
    if (params) return render(params);
  }
  return <NotFound />;
}

export function App() {
  const path = useLocation();
  return (
    <>
      {match("/sign-in", path) ? <SignInPage /> : <SignedIn path={path} />}
      <Toasts />
    </>
  );
}

/** Everything behind the door: without a session the way leads to the sign-in page and back. */
function SignedIn({ path }: { path: string }) {
  const session = useSession();
  const out = isSignedOut(session.error) && !session.data;
  useEffect(() => {
    if (out) go(path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`, { replace: true });
  }, [out, path]);
  if (session.data)
    return (
      <Shell person={session.data.person} path={path}>
        <ErrorBoundary key={path}>
          <Suspense fallback={<PageLoading />}>{pageOf(path)}</Suspense>
        </ErrorBoundary>
      </Shell>
    );
  if (session.error && !out)
    return (
      <main className="page">
        <Failed error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  return <PageLoading />;
}

function PageLoading() {
  return (
    <main className="page">
      <Loading rows={4} />
    </main>
  );
}
