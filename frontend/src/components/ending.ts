/** Why a run ended, in the page's words where it has them; else in the server's. */
import { m } from "../messages";

const DRY = /^the queue has run dry: .*pairwise F1 is ([\d.]+);/;
const HOPELESS = /^these features cannot tell the identities apart: of the (\d+) groups that looked most alike, (\d+) were/;

export function endingOf(stopped: string): string {
  const dry = DRY.exec(stopped);
  if (dry) return m.runs.dry(dry[1]!);
  const hopeless = HOPELESS.exec(stopped);
  if (hopeless) return m.runs.hopeless(Number(hopeless[1]), Number(hopeless[2]));
  return m.runs.endings[stopped] ?? stopped;
}
