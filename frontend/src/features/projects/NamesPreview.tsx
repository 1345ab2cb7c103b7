import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useDeferredValue } from "react";
import { api } from "../../api/client";
import type { components } from "../../api/generated";
import { Button } from "../../components/Button";
import { Refusal } from "../../components/States";
import { m, n } from "../../messages";

type Preview = components["schemas"]["ImportPreview"];
export type Looked = Partial<components["schemas"]["PreviewNew"]>;

interface PreviewProps {
  what: Looked;
  id: string;
  onCameras?: () => void; // the folders that are read as identities are cameras
}

/** What would be read from these names, counted while one types; nothing is imported for it. */
export function NamesPreview({ what, id, onCameras }: PreviewProps) {
  const asked = useDeferredValue(what);
  const preview = useQuery({
    queryKey: ["import-preview", id, asked.path, asked.format, asked.pattern],
    queryFn: ({ signal }) => api.post<Preview>("/import/preview", asked, { signal }),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
  });
  const words = m.project.preview;
  return (
    <section className="preview" aria-label={words.title} aria-busy={preview.isFetching} data-testid="import-preview">
      <h3>{words.title}</h3>
      {preview.isPending && <p className="quiet small">{m.common.loading}</p>}
      <Refusal error={preview.error} />
      {preview.data && !preview.error && <Found found={preview.data} onCameras={onCameras} />}
    </section>
  );
}

function Found({ found, onCameras }: { found: Preview; onCameras: (() => void) | undefined }) {
  const words = m.project.preview;
  const all = found.images + found.queries + found.gallery;
  const figures: [string, string][] = [
    [words.images, n(all)],
    [words.identities, found.identities === 0 ? words.unknown : n(found.identities)],
    [words.cameras, found.cameras === 0 ? words.unknown : n(found.cameras)],
    [words.unlabelled, n(found.unlabelled)],
    [words.refused, n(found.refused)],
  ];
  return (
    <>
      <p className="small">
        {words.layout(found.format === "pattern" ? m.project.how.pattern : (m.project.folder.formats[found.format] ?? found.format))}
        {found.queries + found.gallery > 0 && ` · ${words.held(found.queries, found.gallery)}`}
      </p>
      <dl className="counts" data-testid="preview-counts">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Notices notices={found.notices} />
      {onCameras && found.format === "folder" && found.identities > 0 && (
        <div className="notice" role="note">
          <span>{words.foldersAre}</span>
          <Button onClick={onCameras}>{words.areCameras}</Button>
        </div>
      )}
      {found.identities === 0 && found.format !== "manifest" && <p className="quiet small">{words.normal}</p>}
      {found.examples.length > 0 && (
        <div className="table-scroll" tabIndex={0} role="region" aria-label={words.examples}>
          <table className="table">
            <thead>
              <tr>
                <th>{words.name}</th>
                <th>{words.identity}</th>
                <th>{words.camera}</th>
              </tr>
            </thead>
            <tbody>
              {found.examples.map((one) => (
                <tr key={`${one.split} ${one.name}`}>
                  <td className="mono bad-path">{one.name}</td>
                  <td>{one.identity ?? m.common.none}</td>
                  <td>{one.camera ?? m.common.none}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found.refused_examples.length > 0 && (
        <details>
          <summary>{words.leftOut(found.refused)}</summary>
          <ul className="small">
            {found.refused_examples.map((file) => (
              <li key={file.path}>
                <span className="mono">{file.path}</span> <span className="quiet">{file.reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

const UNNAMED = /^(\d+) of (\d+) images are not named like (.+): they have no identity and no camera\.$/;

/** The server's notice in the page's language, where the page has it. */
export function inOurWords(notice: string): string {
  const [, some, all, pattern] = UNNAMED.exec(notice) ?? [];
  return pattern ? m.project.notNamed(Number(some), Number(all), pattern) : (m.project.notices[notice] ?? notice);
}

/** What whoever uses these images must know. */
export function Notices({ notices }: { notices: string[] }) {
  return notices.map((notice) => (
    <p key={notice} className="notice" role="note">
      <TriangleAlert size={16} aria-hidden />
      <span>{inOurWords(notice)}</span>
    </p>
  ));
}
