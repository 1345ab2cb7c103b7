import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import { keys } from "../../api/queries";
import type { Gold, Project } from "../../api/types";
import { SelectField } from "../../components/Field";
import { Panel } from "../../components/Page";
import { Refusal } from "../../components/States";
import { m, n } from "../../messages";

export const VOTES = [1, 2, 3, 4, 5];
const ONE_IN = [50, 20, 10, 5];
export const KINDS = ["surprise", "large", "all"] as const;

type Change = Partial<Pick<Project, "votes" | "second_votes" | "gold_rate">>;

/** For admins: how many people answer a question, and how often a pair of known truth checks them. */
export function VotesPanel({ project }: { project: Project }) {
  const client = useQueryClient();
  const path = `/projects/${project.id}`;
  const gold = useQuery({ queryKey: ["gold", project.id], queryFn: ({ signal }) => api.get<Gold>(`${path}/gold`, signal) });
  const change = useMutation({
    mutationFn: (body: Change) => api.patch<Project>(path, body),
    onSuccess: (changed) => client.setQueryData(keys.project(project.id), changed),
  });
  const words = m.project.votes;
  const rate = project.gold_rate > 0 ? Math.round(1 / project.gold_rate) : 0;
  return (
    <Panel title={words.title} note={words.note}>
      <div className="votes" data-testid="votes">
        <SelectField
          label={words.votes}
          hint={words.votesHint}
          value={project.votes}
          disabled={change.isPending}
          onChange={(event) => change.mutate({ votes: Number(event.target.value) })}
        >
          {withOwn(VOTES, project.votes).map((votes) => (
            <option key={votes} value={votes}>
              {n(votes)}
            </option>
          ))}
        </SelectField>
        {project.votes > 1 && (
          <SelectField
            label={words.which}
            value={project.second_votes}
            disabled={change.isPending}
            onChange={(event) => change.mutate({ second_votes: event.target.value as Project["second_votes"] })}
          >
            {KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {words.kinds[kind]}
              </option>
            ))}
          </SelectField>
        )}
        <SelectField
          label={words.gold}
          hint={words.goldHint}
          value={rate}
          disabled={change.isPending}
          onChange={(event) => change.mutate({ gold_rate: rateOf(Number(event.target.value)) })}
        >
          <option value={0}>{words.never}</option>
          {withOwn(ONE_IN, rate).map((count) => (
            <option key={count} value={count}>
              {words.oneIn(count)}
            </option>
          ))}
        </SelectField>
        {gold.data && <p className="quiet small">{knownOf(gold.data)}</p>}
        <Refusal error={change.error ?? gold.error} />
      </div>
    </Panel>
  );
}

function knownOf({ known, marked }: Gold): string {
  const words = m.project.votes;
  return known === 0 && marked.length === 0 ? words.nothingKnown : words.known(known, marked.length);
}

function rateOf(oneIn: number): number {
  return oneIn === 0 ? 0 : 1 / oneIn;
}

/** The usual choices, and the one that was set by other means. */
function withOwn(usual: number[], own: number): number[] {
  return own === 0 || usual.includes(own) ? usual : [...usual, own].sort((a, b) => a - b);
}
