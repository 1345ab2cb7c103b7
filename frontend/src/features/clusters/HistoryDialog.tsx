import { useQuery } from "@tanstack/react-query";
import { api, imageUrl } from "../../api/client";
import { Dialog } from "../../components/Dialog";
import { duration, moment } from "../../components/format";
import { Empty, Failed, Loading } from "../../components/States";
import { m } from "../../messages";
import { wordsOf } from "./EditsList";
import type { Happening, History } from "./types";

/** Who said what of one image, when, seeing what. */
export function HistoryDialog({ runId, imageId, onClose }: { runId: string; imageId: string; onClose: () => void }) {
  const history = useQuery({
    queryKey: ["clusters", runId, "history", imageId],
    queryFn: ({ signal }) => api.get<History>(`/runs/${runId}/images/${imageId}/history`, signal),
  });
  return (
    <Dialog open onClose={onClose} wide title={m.clusters.history} detail={history.data?.image.key}>
      {history.isPending && <Loading rows={3} />}
      {history.error && <Failed error={history.error} onRetry={() => void history.refetch()} />}
      {history.data && (
        <div className="history">
          <img className="history-image" src={imageUrl(imageId, 256)} alt={history.data.image.key} />
          {history.data.events.length === 0 ? (
            <Empty title={m.clusters.noHistory} detail={m.clusters.noHistoryDetail} />
          ) : (
            <ol className="event-list" data-testid="history">
              {history.data.events.map((event, index) => (
                <li key={`${event.id}-${event.event}-${index}`} className="event-row">
                  <Told event={event} />
                </li>
              ))}
            </ol>
          )}
        </div>
      )}
    </Dialog>
  );
}

function Told({ event }: { event: Happening }) {
  return (
    <>
      <span className="event-pair">
        {event.other && <img src={imageUrl(event.other.id, 128)} alt={event.other.key} loading="lazy" />}
      </span>
      <span className="event-text">
        <span className={event.undone ? "struck" : undefined}>{saidOf(event)}</span>
        <span className="quiet small">
          {event.person} · {moment(event.at)} · {m.clusters.inRound(event.round + 1)}
          {event.seconds > 0 && ` · ${m.clusters.took(duration(event.seconds))}`}
          {!event.counts && ` · ${m.clusters.oneVote}`}
        </span>
        {event.shown.length > 0 && (
          <span className="history-seen">
            <span className="quiet small">{m.clusters.seen}</span>
            {event.shown.map((image) => (
              <img key={image.id} src={imageUrl(image.id, 64)} alt={image.key} loading="lazy" />
            ))}
          </span>
        )}
      </span>
    </>
  );
}

function saidOf(event: Happening): string {
  if (event.event === "undo") return m.clusters.tookBack;
  if (event.event === "edit") return wordsOf(event);
  const words: Record<string, string> = m.label.verdicts;
  return `${m.clusters.kinds[event.kind] ?? event.kind}: ${words[event.verdict] ?? m.clusters.skippedHere}`;
}
