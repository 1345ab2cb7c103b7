import { useState } from "react";
import type { Kind } from "../../api/types";
import { Button } from "../../components/Button";
import { Link } from "../../components/router";
import { m } from "../../messages";
import { endTour, tourSeen } from "./tourSeen";

/**
 * The first steps: short notes beside the page, which goes on working; skipped or seen once, they stay away. What a page
 * of tiles is, is said when the first one is on the screen.
 */
export function Tour({ kind }: { kind: Kind | null }) {
  const [seen, see] = useState(tourSeen);
  const [step, go] = useState(0);
  if (seen === "all" || (seen === "pairs" && kind !== "page")) return null;
  const { look, page, steps } = m.label.tour;
  const notes = seen === "pairs" ? [page] : [kind === "page" ? page : look, ...steps];
  const at = Math.min(step, notes.length - 1);
  const [title, text] = notes[at]!;
  const last = at === notes.length - 1;
  const end = (what: "pairs" | "all") => {
    endTour(what);
    see(what);
    go(0);
  };
  const finish = () => end(seen === "none" && kind !== "page" ? "pairs" : "all");
  return (
    <aside className={kind === "page" ? "tour" : "tour tour-pair"} aria-label={m.label.tour.title} data-testid="tour" data-step={at + 1}>
      {notes.length > 1 && <p className="tour-count quiet small">{m.label.tour.step(at + 1, notes.length)}</p>}
      <h2>{title}</h2>
      <p>{text}</p>
      {last && (
        <p>
          <Link href="/practice" onClick={finish}>
            {m.label.practice.title}
          </Link>
          {" · "}
          <Link href="/help" onClick={finish}>
            {m.label.helpPage.title}
          </Link>
        </p>
      )}
      <div className="tour-foot">
        {!last && (
          <Button look="quiet" onClick={() => end("all")}>
            {m.label.tour.skip}
          </Button>
        )}
        <Button look="primary" onClick={() => (last ? finish() : go(at + 1))}>
          {last ? m.label.tour.done : m.label.tour.next}
        </Button>
      </div>
    </aside>
  );
}
