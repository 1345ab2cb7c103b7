import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/queries";
import type { Preset, Project, Run } from "../../api/types";
import { Dialog, FormFoot } from "../../components/Dialog";
import { SelectField, TextField } from "../../components/Field";
import { go } from "../../components/router";
import { Failed, Loading, Refusal } from "../../components/States";
import { m, n } from "../../messages";
import { KINDS, VOTES } from "./VotesPanel";

const NUMBERS = ["epochs", "query_from", "budget_per_round", "seed"] as const;
const CHOICES = ["annotator", "policy", "base"] as const;

const FIRST = ["pages", "demo"]; // what needs no GPU and people's answers, before the settings of papers

type Fields = Record<string, string>;

/** What most people want first; the others as the server lists them. */
export function inOrder(presets: readonly Preset[]): Preset[] {
  const place = ({ name }: Preset) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return [...presets].sort((one, two) => place(one) - place(two));
}

/** Settings that were filled in; what was left empty is for the preset to say. */
export function configOf(fields: Fields): Record<string, string | number> {
  const numbers = new Set<string>(NUMBERS);
  const filled = Object.entries(fields).filter(([, value]) => value !== "");
  return Object.fromEntries(filled.map(([key, value]) => [key, numbers.has(key) ? Number(value) : value]));
}

export function NewRunDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  const client = useQueryClient();
  const presets = useQuery({
    queryKey: ["presets"],
    queryFn: ({ signal }) => api.get<Preset[]>("/presets", signal),
    select: inOrder,
  });
  const [chosen, setChosen] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [fields, setFields] = useState<Fields>({});
  const [votes, setVotes] = useState("");
  const [second, setSecond] = useState("");
  const preset = chosen ?? presets.data?.[0]?.name ?? "";
  const settings = presets.data?.find((one) => one.name === preset)?.config ?? {};
  const start = useMutation({
    mutationFn: () =>
      api.post<Run>(`/projects/${project.id}/runs`, {
        name,
        preset: preset || null,
        config: configOf(fields),
        votes: votes === "" ? null : Number(votes),
        second_votes: second || null,
      }),
    onSuccess: (run) => {
      client.setQueryData(keys.run(run.id), run);
      void client.invalidateQueries({ queryKey: keys.project(project.id) });
      go(`/runs/${run.id}`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={m.newRun.title} wide>
      {presets.isPending && <Loading />}
      {presets.error && <Failed error={presets.error} onRetry={() => void presets.refetch()} />}
      {presets.data && (
        <form className="form" onSubmit={submit}>
          <Presets presets={presets.data} truth={project.identities !== null} chosen={preset} onChoose={setChosen} />
          <TextField
            label={`${m.newRun.name} (${m.common.optional})`}
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <div className="form-row">
            <SelectField label={m.newRun.votes} value={votes} onChange={(event) => setVotes(event.target.value)}>
              <option value="">{m.newRun.asProject(n(project.votes))}</option>
              {VOTES.map((count) => (
                <option key={count} value={count}>
                  {n(count)}
                </option>
              ))}
            </SelectField>
            {Number(votes || project.votes) > 1 && (
              <SelectField label={m.newRun.second} value={second} onChange={(event) => setSecond(event.target.value)}>
                <option value="">{m.newRun.asProject(m.project.votes.kinds[project.second_votes])}</option>
                {KINDS.map((kind) => (
                  <option key={kind} value={kind}>
                    {m.project.votes.kinds[kind]}
                  </option>
                ))}
              </SelectField>
            )}
          </div>
          <Settings fields={fields} defaults={settings} onChange={setFields} />
          <Refusal error={start.error} />
          <FormFoot action={m.newRun.start} busy={start.isPending} onClose={onClose} />
        </form>
      )}
    </Dialog>
  );
}

interface PresetsProps {
  presets: Preset[];
  truth: boolean; // identities are known: an oracle can answer
  chosen: string;
  onChoose: (name: string) => void;
}

function Presets({ presets, truth, chosen, onChoose }: PresetsProps) {
  const papers: Preset = { name: "", title: m.newRun.noPreset, description: m.newRun.noPresetDetail, config: {} };
  const all = presets.length > 0 ? presets : [papers];
  return (
    <fieldset className="presets">
      <legend className="legend">{m.newRun.preset}</legend>
      {all.map((preset) => (
        <label key={preset.name} className="preset">
          <input
            type="radio"
            name="preset"
            value={preset.name}
            checked={chosen === preset.name}
            disabled={needsTruth(preset) && !truth}
            onChange={() => onChoose(preset.name)}
          />
          <span>
            <strong>{m.newRun.presets[preset.name]?.[0] ?? preset.title}</strong>
            <span className="quiet small">{m.newRun.presets[preset.name]?.[1] ?? preset.description}</span>
            {needsTruth(preset) && !truth && <span className="small">{m.newRun.needsTruth}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Whether the known identities answer, and not people. */
const needsTruth = (preset: Preset): boolean => preset.config["annotator"] === "oracle";

interface SettingsProps {
  fields: Fields;
  defaults: Record<string, unknown>;
  onChange: (fields: Fields) => void;
}

function Settings({ fields, defaults, onChange }: SettingsProps) {
  const set = (key: string, value: string) => onChange({ ...fields, [key]: value });
  const said = (key: string, words?: Record<string, string>) => {
    const value = defaults[key];
    if (value === undefined || value === null) return m.newRun.keep;
    return words?.[String(value)] ?? String(value);
  };
  return (
    <details className="settings">
      <summary>
        {m.newRun.settings} <span className="quiet small">{m.newRun.settingsHint}</span>
      </summary>
      <div className="form-row settings-fields">
        {CHOICES.map((key) => {
          const [label, words] = m.newRun.choices[key];
          return (
          <SelectField key={key} label={label} value={fields[key] ?? ""} onChange={(event) => set(key, event.target.value)}>
            <option value="">{said(key, words)}</option>
            {Object.entries(words)
              .filter(([value]) => value !== defaults[key])
              .map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
          </SelectField>
          );
        })}
        {NUMBERS.map((key) => (
          <TextField
            key={key}
            label={m.newRun.numbers[key]}
            type="number"
            min={0}
            step={1}
            placeholder={said(key)}
            value={fields[key] ?? ""}
            onChange={(event) => set(key, event.target.value)}
          />
        ))}
      </div>
    </details>
  );
}
