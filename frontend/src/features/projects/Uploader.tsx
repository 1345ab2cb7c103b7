import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { uploadZip } from "../../api/upload";
import { Bar } from "../../components/Bar";
import { Button } from "../../components/Button";
import { Refusal } from "../../components/States";
import { m, n } from "../../messages";
import { FIND_OUT, foldersAreCameras, howOf, HowRead, type How } from "./HowRead";
import { useStarted } from "./ImportPanel";
import { NamesPreview } from "./NamesPreview";
import { NotUtf8 } from "./utf8";
import { NotAZip, zipLook, type ZipLook } from "./zipNames";

interface Chosen {
  file: File;
  look: ZipLook | null; // null: not to be read here
}

const NO_NAMES: readonly string[] = [];

/** A zip from this computer: its names are looked at before anything is sent. */
export function Uploader({ projectId, onStarted }: { projectId: string; onStarted: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [refused, refuse] = useState<Error | null>(null);
  const [how, setHow] = useState<How>(FIND_OUT);
  const [share, setShare] = useState(0);
  const started = useStarted(onStarted);
  const upload = useMutation({
    mutationFn: ({ file }: Chosen) => uploadZip(projectId, file, how.format === "pattern" ? how.pattern : null, setShare),
    onSuccess: started,
  });
  const take = async (file: File | undefined) => {
    if (!file) return;
    try {
      setChosen({ file, look: await zipLook(file) });
      refuse(null);
    } catch (error) {
      setChosen(null);
      refuse(inWords(error, file.name));
    }
  };
  const names = chosen?.look?.names ?? NO_NAMES;
  return (
    <div className="form import-form">
      <p className="quiet">{m.project.upload.about}</p>
      <input
        ref={input}
        className="hidden-but-read"
        type="file"
        tabIndex={-1}
        accept=".zip,application/zip"
        aria-label={m.project.upload.choose}
        onChange={(event) => void take(event.target.files?.[0])}
      />
      <div className="import-row">
        <Button disabled={upload.isPending} onClick={() => input.current?.click()}>
          {chosen ? m.project.upload.change : m.project.upload.choose}
        </Button>
        {chosen && (
          <span className="file-name">
            {chosen.file.name} <span className="quiet">{n(Math.ceil(chosen.file.size / 1024))} kB</span>
          </span>
        )}
      </div>
      {chosen && <HowRead how={how} layouts={false} names={names} onChange={setHow} />}
      {chosen?.look && (
        <NamesPreview
          what={{ ...chosen.look, ...howOf(how) }}
          id={`${chosen.file.name} ${chosen.file.lastModified}`}
          onCameras={() => setHow(foldersAreCameras(names))}
        />
      )}
      {upload.isPending && (
        <>
          <p className="small quiet">{m.project.upload.sending(Math.round(100 * share))}</p>
          <Bar done={share} total={1} label={m.project.upload.start} />
        </>
      )}
      <Refusal error={refused ?? upload.error} />
      <div>
        <Button look="primary" disabled={!chosen} busy={upload.isPending} onClick={() => chosen && upload.mutate(chosen)}>
          {m.project.upload.start}
        </Button>
      </div>
    </div>
  );
}

function inWords(error: unknown, name: string): Error {
  if (error instanceof NotAZip) return new Error(m.project.upload.noZip(name));
  if (error instanceof NotUtf8) return new Error(m.project.csv.notUtf8(`${name} / manifest.csv`));
  return new Error(String(error));
}
