import type {
  Answered,
  AnswerNew,
  AnswerOut,
  EmptyReason,
  Kind,
  Lease,
  Leases,
  QueueProgress,
  Reversal,
  Undone,
} from "../../api/types";

export type BadSide = "left" | "right";

/** What a person says of a question, in the words of the wire: sides as stored, not as shown. */
export type Reply = Pick<AnswerNew, "verdict" | "bad_sides" | "odd" | "tiles" | "wrong" | "bad_images">;

/** A leased question with what this page added to it. */
export interface Item {
  lease: Lease;
  swapped: boolean; // of a pair: its left group stands at the right
  filled?: Reply; // what was said of it before it was taken back: its screen starts with that
  missing?: ReadonlySet<string>; // ids of a page's images that did not load
}

export type EntryState = "waiting" | "saved" | "undone" | "refused";

/** One answer of the strip. */
export interface Entry {
  id: string;
  questionId: string;
  kind: Kind;
  reply: Reply | null; // null: not known here (a conflict that an earlier page answered)
  swapped: boolean;
  left: string; // image ids, as they stood on the screen; of a page: the anchor, and its first tile
  right: string;
  state: EntryState;
  item: Item | null; // null: answered before this page was loaded
}

/** An answer that was taken back and may be given again, also by a later page. */
export type Redo = Pick<Entry, "questionId" | "kind" | "swapped" | "left" | "right"> & { reply: Reply; seconds: number };

/** Something to be sent, in order, at least once. */
export type Op =
  | { kind: "answer"; key: string; asked?: Kind; body: AnswerNew; sent: boolean; left: string; right: string }
  | { kind: "undo"; key: string; answerId: string; questionId: string };

/** back: free again; later: behind all others; leaving: free again, sent while the page goes away. */
export type ReleaseHow = "back" | "later" | "leaving";

export interface LabelApi {
  lease(count: number, held: string[]): Promise<Leases>;
  heartbeat(held: string[]): Promise<Leases>;
  release(ids: string[], how: ReleaseHow): Promise<void>;
  answer(body: AnswerNew): Promise<Answered>;
  undo(answerId: string): Promise<Undone>;
  /** Standing answers of this person, newest first. */
  mine(limit: number, offset: number): Promise<AnswerOut[]>;
  reversal(answerId: string): Promise<Reversal>;
}

export type Notice =
  | { kind: "refused" | "undo-refused"; detail: string }
  | { kind: "undo-closed" }
  | { kind: "skipped-broken"; image: string }
  | { kind: "reversed"; reversal: Reversal };

/** What the page draws. */
export interface Snapshot {
  current: Item | null;
  ready: number;
  loading: boolean; // questions are being fetched or decoded and none is there yet
  waiting: number; // answers and undos not yet at the server
  offline: boolean;
  volatile: boolean; // nothing can be kept in this browser
  progress: QueueProgress | null;
  empty: EmptyReason | null;
  emptyCount: number | null; // leased_to_others
  emptyUntil: number | null; // waiting_for_model: expected moment of the next questions, epoch ms
  history: readonly Entry[]; // oldest first, at most 20
  canUndo: boolean;
  canRedo: boolean;
  fatal: Error | null;
  notice: (Notice & { id: number }) | null;
  said: { id: number; kind: Kind; reply: Reply | null; count: number } | null; // reply null: taken back
}
