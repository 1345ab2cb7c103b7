import { m } from "../../messages";
import { reversed } from "./ChangeDialog";
import type { Notice } from "./types";

/** What a note says. */
export function noticed(notice: Notice): string {
  switch (notice.kind) {
    case "refused":
      return m.label.refused(notice.detail);
    case "undo-refused":
      return m.label.undoRefused(notice.detail);
    case "undo-closed":
      return m.label.undoClosed;
    case "skipped-broken":
      return m.label.skippedBroken(notice.image);
    case "reversed":
      return reversed(notice.reversal);
  }
}
