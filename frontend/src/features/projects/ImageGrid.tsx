import { useInfiniteQuery } from "@tanstack/react-query";
import { api, imageUrl } from "../../api/client";
import type { Image, Project } from "../../api/types";
import { More } from "../../components/More";
import { Panel } from "../../components/Page";
import { Failed, Loading } from "../../components/States";
import { m } from "../../messages";

const PAGE = 60;

/** A look at what was imported. */
export function ImageGrid({ project }: { project: Project }) {
  const images = useInfiniteQuery({
    queryKey: ["images", project.id, project.images],
    queryFn: ({ pageParam, signal }) =>
      api.get<Image[]>(`/projects/${project.id}/images?offset=${pageParam}&limit=${PAGE}`, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.length === PAGE ? pages.length * PAGE : undefined),
  });
  const shown = images.data?.pages.flat() ?? [];
  return (
    <Panel title={m.project.images} note={m.project.imagesShown(shown.length, project.images)}>
      {images.isPending && <Loading rows={2} />}
      {images.error && !images.data && <Failed error={images.error} onRetry={() => void images.refetch()} />}
      <ul className="image-grid">
        {shown.map((image) => (
          <li key={image.id}>
            <img src={imageUrl(image.id, 128)} alt={image.key} title={image.key} loading="lazy" />
          </li>
        ))}
      </ul>
      <More pages={images} />
    </Panel>
  );
}
