import { Clock, Tag } from "lucide-react";
import { imageUrl } from "../../api/client";
import { IconButton } from "../../components/Button";
import { m } from "../../messages";
import { cameraText } from "./ClusterCard";
import type { Order } from "./sections";
import type { Member } from "./types";

interface MembersProps {
  members: Member[];
  order: Order;
  chosen: ReadonlySet<string>;
  locked: boolean;
  onToggle: (id: string) => void;
  onHistory: (id: string) => void;
}

/** Images to choose from: a check box each, and its history. */
export function Members({ members, order, chosen, locked, onToggle, onHistory }: MembersProps) {
  return (
    <ul className="members-grid">
      {members.map((member) => (
        <li key={member.image.id} className={chosen.has(member.image.id) ? "member member-chosen" : "member"}>
          <label className="member-pick">
            <input
              type="checkbox"
              checked={chosen.has(member.image.id)}
              disabled={locked}
              onChange={() => onToggle(member.image.id)}
              aria-label={m.clusters.pick(member.image.key)}
            />
            <img src={imageUrl(member.image.id, 256)} alt={member.image.key} loading="lazy" />
          </label>
          <span className="member-foot">
            <span className="quiet small member-words">{wordsOf(member, order)}</span>
            <IconButton name={m.clusters.historyOf(member.image.key)} onClick={() => onHistory(member.image.id)}>
              <Clock size={16} aria-hidden />
            </IconButton>
          </span>
          {member.name && (
            <span className="small member-name">
              <Tag size={12} aria-hidden /> {member.name}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function wordsOf(member: Member, order: Order): string {
  if (member.bad) return m.clusters.bad;
  if (member.in_conflict) return m.clusters.conflictBadge;
  const known = member.group === null ? m.clusters.guessBadge : m.clusters.confirmedBadge;
  return order === "camera" ? known : cameraText(member.image.camera);
}
