import { Lock, TriangleAlert } from "lucide-react";
import { imageUrl } from "../../api/client";
import { Link } from "../../components/router";
import { m, n } from "../../messages";
import type { Cluster } from "./types";

interface CardProps {
  runId: string;
  cluster: Cluster;
}

/** One cluster in a list: its best fitting image, those that fit least, and what is known of it. */
export function ClusterCard({ runId, cluster }: CardProps) {
  const name = cluster.names.join(" / ");
  return (
    <Link href={`/runs/${runId}/clusters/${cluster.image.id}`} className="cluster-card" data-testid="cluster-card">
      <span className="cluster-shown">
        {cluster.shown.map((image, index) => (
          <img
            key={image.id}
            className={index === 0 ? "cluster-head" : undefined}
            src={imageUrl(image.id, 128)}
            alt=""
            loading="lazy"
          />
        ))}
      </span>
      <span className="cluster-facts">
        <strong>{name || m.clusters.images(cluster.size)}</strong>
        {name && <span className="quiet small">{m.clusters.images(cluster.size)}</span>}
        {cluster.locked && (
          <span className="badge">
            <Lock size={12} aria-hidden /> {m.clusters.lockedBadge}
          </span>
        )}
        {cluster.in_conflict && (
          <span className="badge badge-warn">
            <TriangleAlert size={12} aria-hidden /> {m.clusters.conflictBadge}
          </span>
        )}
      </span>
      {cluster.size > 1 && (
        <span className="quiet small">
          {m.clusters.confirmed(cluster.confirmed, cluster.size)} · {m.clusters.cameras(camerasOf(cluster))}
          {cluster.lowest !== null && ` · ${m.clusters.lowest(cluster.lowest)}`}
        </span>
      )}
      {cluster.size === 1 && <span className="quiet small">{cameraText(cluster.image.camera)}</span>}
    </Link>
  );
}

const camerasOf = (cluster: Cluster): number => cluster.cameras.filter(({ camera }) => camera !== null).length;

export const cameraText = (camera: number | null): string =>
  camera === null ? m.clusters.noCamera : m.clusters.camera(n(camera));
