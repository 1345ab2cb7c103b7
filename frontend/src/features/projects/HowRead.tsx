import { useMemo } from "react";
import { SelectField, TextField } from "../../components/Field";
import { m } from "../../messages";
import { suggested } from "./suggested";

export interface How {
  format: string;
  pattern: string;
}

export const FIND_OUT: How = { format: "auto", pattern: "" };
const PATTERN = "pattern";
const NO_NAMES: readonly string[] = [];

/** Folders that are read as identities are cameras: the pattern that says so. */
export const foldersAreCameras = (names: readonly string[]): How => ({
  format: PATTERN,
  pattern: suggested(names).find((pattern) => pattern.startsWith("{camera}/")) ?? "{camera}/*",
});

/** Layout or pattern, as the server takes it. */
export const howOf = (how: How) =>
  how.format === PATTERN ? { pattern: how.pattern || null } : { format: how.format as "auto" };

interface HowProps {
  how: How;
  layouts: boolean; // offer the published layouts too, not only a pattern
  names?: readonly string[]; // what is to be read, where it is known here
  onChange: (how: How) => void;
}

/** How camera and identity are read from names: a known layout, or a pattern of one's own. */
export function HowRead({ how, layouts, names = NO_NAMES, onChange }: HowProps) {
  const examples = useMemo(() => suggested(names), [names]);
  const words = m.project.how;
  const formats = Object.entries(m.project.folder.formats).filter(([value]) => layouts || value === "auto");
  return (
    <div className="how-read">
      <SelectField
        label={words.title}
        value={how.format}
        onChange={(event) => onChange({ ...how, format: event.target.value, pattern: how.pattern || examples[0]! })}
      >
        {formats.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
        <option value={PATTERN}>{words.pattern}</option>
      </SelectField>
      {how.format === PATTERN && (
        <>
          <TextField
            label={words.label}
            className="input mono"
            hint={words.hint}
            value={how.pattern}
            maxLength={200}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => onChange({ ...how, pattern: event.target.value })}
          />
          <div className="pattern-examples" role="group" aria-label={words.examples}>
            {examples.map((example) => (
              <button
                key={example}
                type="button"
                className="pattern-example mono small"
                aria-pressed={how.pattern === example}
                onClick={() => onChange({ ...how, pattern: example })}
              >
                {example}
              </button>
            ))}
          </div>
        </>
      )}
    </div>
  );
}
