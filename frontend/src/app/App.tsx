import { lazy, Suspense, useEffect } from "react";
import { isSignedOut } from "../api/errors";
import { useSession } from "../api/queries";
import { go, match, useLocation, type Params } from "../components/router";
import { Failed, Loading } from "../components/States";
import { Toasts } from "../components/Toasts";
import { nextPath, SignInPage } from "../features/session/SignInPage";
import { ErrorBoundary } from "./ErrorBoundary";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

/** A page whose script is fetched when it is first shown, or before that by `load`. */
function late<Props extends object>(load: () => Promise<{ default: React.ComponentType<Props> }>) {
  return { Page: lazy(load), load };
}

const projects = late(() => import("../features/projects/ProjectsPage"));
const project = late(() => import("../features/projects/ProjectPage"));
const label = late(() => import("../features/label/LabelPage"));
const help = late(() => import("../features/label/HelpPage"));
const practice = late(() => import("../features/label/PracticePage"));
const run = late(() => import("../features/runs/RunPage"));
const disagreements = late(() => import("../features/runs/DisagreementsPage"));
const audit = late(() => import("../features/audit/AuditPage"));
const compare = late(() => import("../features/runs/ComparePage"));
const clusters = late(() => import("../features/clusters/ClustersPage"));
const cluster = late(() => import("../features/clusters/ClusterPage"));
const tokens = late(async () => ({ default: (await import("../features/session/TokensPage")).TokensPage }));
const people = late(async () => ({ default: (await import("../features/session/PeoplePage")).PeoplePage }));

const ROUTES: [string, { load: () => Promise<unknown> }, (params: Params) => React.ReactNode][] = [
  ["/", projects, () => <projects.Page />],
  ["/projects/:id", project, ({ id }) => <project.Page key={id} id={id!} />],
  ["/runs/:id", run, ({ id }) => <run.Page key={id} id={id!} />],
  ["/projects/:id/compare", compare, ({ id }) => <compare.Page key={id} id={id!} />],
  ["/runs/:id/clusters", clusters, ({ id }) => <clusters.Page key={id} id={id!} />],
  ["/runs/:id/clusters/:image", cluster, ({ id, image }) => <cluster.Page key={`${id} ${image}`} id={id!} image={image!} />],
  ["/runs/:id/label", label, ({ id }) => <label.Page key={id} runId={id!} />],
  ["/runs/:id/disagreements", disagreements, ({ id }) => <disagreements.Page key={id} runId={id!} />],
  ["/runs/:id/audit", audit, ({ id }) => <audit.Page key={id} runId={id!} />],
  ["/help", help, () => <help.Page />],
  ["/practice", practice, () => <practice.Page project={new URLSearchParams(location.search).get("project")} />],
  ["/tokens", tokens, () => <tokens.Page />],
  ["/people", people, () => <people.Page />],
];

function pageOf(path: string): React.ReactNode {
  for (const [pattern, , render] of ROUTES) {
    const params = match(pattern, path);
    if (params) return render(params);
  }
  return <NotFound />;
}

/** Fetch the page's script while the session is asked for, or somebody types a password. */
function fetchAhead(path: string): void {
  const wanted = match("/sign-in", path) ? nextPath(window.location.search) : path;
  const route = ROUTES.find(([pattern]) => match(pattern, wanted));
  route?.[1].load().catch(() => undefined); // showing the page asks again, and says what failed
}

export function App() {
  const path = useLocation();
  useEffect(() => fetchAhead(path), [path]);
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
