import { useQuery } from "@tanstack/react-query";
import { ArrowRight, Check, CircleHelp, X } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client";
import type { Practice } from "../../api/types";
import { Button, ButtonLink } from "../../components/Button";
import { Page, useTitle } from "../../components/Page";
import { Failed, Loading } from "../../components/States";
import { m } from "../../messages";
import { trialsOf, type Trial } from "./practice";
import { PracticeTrial } from "./PracticeTrial";
import "./label.css";
import "./pages.css";

export type Outcome = "right" | "wrong" | "unsure";

const SEEDS = 2 ** 31;

/** A round of questions with known truth, which is shown after each answer; nothing of it reaches a run. */
export default function PracticePage({ project }: { project: string | null }) {
  const [seed, setSeed] = useState(() => Math.floor(Math.random() * SEEDS));
  const query = `seed=${seed}${project ? `&project=${encodeURIComponent(project)}` : ""}`;
  const practice = useQuery({
    queryKey: ["practice", query],
    queryFn: ({ signal }) => api.get<Practice>(`/practice?${query}`, signal),
    staleTime: Infinity,
  });
  if (practice.data)
    return (
      <Round key={seed} trials={trialsOf(practice.data)} name={practice.data.project_name} onAgain={() => setSeed((seed + 1) % SEEDS)} />
    );
  return (
    <Page title={m.label.practice.title} narrow>
      {practice.error ? (
        <Failed error={practice.error} missing={m.label.practice.none} onRetry={() => void practice.refetch()} />
      ) : (
        <Loading rows={4} />
      )}
    </Page>
  );
}

interface RoundProps {
  trials: readonly Trial[];
  name: string;
  onAgain: () => void;
}

function Round({ trials, name, onAgain }: RoundProps) {
  useTitle(m.label.practice.title);
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const [shown, show] = useState(0); // goes on once the truth was seen
  const trial = trials[shown];
  if (!trial) return <Score outcomes={outcomes} onAgain={onAgain} />;
  return (
    <main id="content" className="label practice" tabIndex={-1} data-testid="practice">
      <PracticeTrial
        key={shown}
        trial={trial}
        number={shown + 1}
        total={trials.length}
        about={m.label.practice.about(name)}
        onOutcome={(outcome) => setOutcomes([...outcomes, outcome])}
        onNext={() => show(shown + 1)}
      />
    </main>
  );
}

function Score({ outcomes, onAgain }: { outcomes: readonly Outcome[]; onAgain: () => void }) {
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
  return (
    <Page title={m.label.practice.doneTitle} about={m.label.practice.doneAbout} narrow>
      <div data-testid="practice-score">
        <ul className="practice-score">
          <li>
            <Check size={18} aria-hidden /> {m.label.practice.right(count("right"))}
          </li>
          <li>
            <X size={18} aria-hidden /> {m.label.practice.wrong(count("wrong"))}
          </li>
          <li>
            <CircleHelp size={18} aria-hidden /> {m.label.practice.unsure(count("unsure"))}
          </li>
        </ul>
        <div className="practice-foot">
          <Button look="primary" icon={<ArrowRight size={16} aria-hidden />} onClick={onAgain}>
            {m.label.practice.again}
          </Button>
          <ButtonLink href="/">{m.label.practice.toProjects}</ButtonLink>
          <ButtonLink href="/help">{m.label.helpPage.title}</ButtonLink>
        </div>
      </div>
    </Page>
  );
}
