import type { Op, Redo } from "./types";

/** Where unsent answers outlive the page, and what may be redone. */
export interface OpStore {
  load(): Promise<Op[]>;
  put(op: Op): Promise<void>;
  remove(key: string): Promise<void>;
  loadRedos(): Promise<Redo[]>;
  keepRedos(redos: readonly Redo[]): Promise<void>;
}

const DATABASE = "ucal";
const OPS = "unsent";
const REDOS = "redos";

/**
 * One record per operation in IndexedDB, so that two tabs never overwrite each other's. What both tabs send has the
 * same id and body, and counts once.
 *
 * Every call rejects when the browser keeps nothing; the outbox then says so.
 */
export class IdbOpStore implements OpStore {
  private readonly prefix: string;
  private database: Promise<IDBDatabase> | null = null;

  constructor(personId: string, runId: string) {
    this.prefix = `${personId}.${runId}.`;
  }

  async load(): Promise<Op[]> {
    const mine = IDBKeyRange.bound(this.prefix, `${this.prefix}\uffff`);
    const found = await this.ask<Op[]>(OPS, "readonly", (store) => store.getAll(mine));
    return found.filter((op) => op.kind === "answer" || op.kind === "undo");
  }

  async put(op: Op): Promise<void> {
    await this.ask(OPS, "readwrite", (store) => store.put(op, this.prefix + op.key));
  }

  async remove(key: string): Promise<void> {
    await this.ask(OPS, "readwrite", (store) => store.delete(this.prefix + key));
  }

  async loadRedos(): Promise<Redo[]> {
    const kept = (await this.ask<Redo[] | undefined>(REDOS, "readonly", (store) => store.get(this.prefix))) ?? [];
    return kept.filter((redo) => typeof redo.reply === "object"); // an older version of this page kept less
  }

  async keepRedos(redos: readonly Redo[]): Promise<void> {
    await this.ask(REDOS, "readwrite", (store) => store.put([...redos], this.prefix));
  }

  /** Do one request in a transaction of its own; resolves once the transaction is complete. */
  private async ask<T>(
    name: string,
    mode: IDBTransactionMode,
    make: (store: IDBObjectStore) => IDBRequest,
  ): Promise<T> {
    const database = await (this.database ??= open());
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(name, mode, { durability: "strict" });
      const request = make(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result as T);
      transaction.onerror = transaction.onabort = () => reject(transaction.error ?? request.error);
    });
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(OPS);
      request.result.createObjectStore(REDOS);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
}
