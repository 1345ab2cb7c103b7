import { useState } from "react";
import { Button } from "../../components/Button";
import { Link } from "../../components/router";
import { m } from "../../messages";
import { endTour, tourIsDone } from "./tourSeen";

/** The first steps: four short notes beside the page, which goes on working; skipped or seen once, they stay away. */
export function Tour() {
  const [step, go] = useState(() => (tourIsDone() ? null : 0));
  if (step === null) return null;
  const [title, text] = m.label.tour.steps[step]!;
  const last = step === m.label.tour.steps.length - 1;
  const end = () => {
    endTour();
    go(null);
  };
  return (
    <aside className="tour" aria-label={m.label.tour.title} data-testid="tour" data-step={step + 1}>
      <p className="tour-count quiet small">{m.label.tour.step(step + 1, m.label.tour.steps.length)}</p>
      <h2>{title}</h2>
      <p>{text}</p>
      {last && (
        <p>
          <Link href="/practice" onClick={end}>
            {m.label.practice.title}
          </Link>
          {" · "}
          <Link href="/help" onClick={end}>
            {m.label.helpPage.title}
          </Link>
        </p>
      )}
      <div className="tour-foot">
        {!last && (
          <Button look="quiet" onClick={end}>
            {m.label.tour.skip}
          </Button>
        )}
        <Button look="primary" onClick={() => (last ? end() : go(step + 1))}>
          {last ? m.label.tour.done : m.label.tour.next}
        </Button>
      </div>
    </aside>
  );
}
