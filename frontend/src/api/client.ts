import { m } from "../messages";
import { ApiError, NetworkError } from "./errors";

const ROOT = "/api/v1";

type Method = "GET" | "POST" | "PATCH" | "DELETE";

interface Options {
  body?: unknown;
  signal?: AbortSignal;
  /** Let the request outlive the page (used to put questions back on leaving). */
  keepalive?: boolean;
}

const listeners = new Set<() => void>();

/** Be told whenever the server says that nobody is signed in; gives back how to stop listening. */
export function onSignedOut(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Send one request and read its JSON; every failure is an ApiError or a NetworkError. */
export async function request<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  if (response.ok) return (response.status === 204 ? undefined : await readJson(response)) as T;
  const error = await readError(response);
  // Asking who one is, or signing in, may well be refused; only other refusals mean a session that ended.
  if (error.status === 401 && !path.startsWith("/session")) listeners.forEach((listener) => listener());
  throw error;
}

export const api = {
  get: <T>(path: string, signal?: AbortSignal) => request<T>("GET", path, { signal }),
  post: <T>(path: string, body?: unknown, options?: Omit<Options, "body">) =>
    request<T>("POST", path, { ...options, body }),
  patch: <T>(path: string, body: unknown) => request<T>("PATCH", path, { body }),
  delete: <T>(path: string) => request<T>("DELETE", path),
};

/** Where the browser itself fetches something: pixels, downloads. */
export function address(path: string): string {
  return ROOT + path;
}

export function imageUrl(id: string, size: 64 | 128 | 256 | 512 | "full"): string {
  return address(`/images/${encodeURIComponent(id)}?size=${size}`);
}

async function send(method: Method, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", "X-UCAL": "1" };
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (options.signal) init.signal = options.signal;
  if (options.keepalive) init.keepalive = true;
  if (options.body instanceof FormData) init.body = options.body;
  else if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  try {
    return await fetch(ROOT + path, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new NetworkError(m.errors.network);
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new ApiError(response.status, "NotJson", m.errors.notJson);
  }
}

async function readError(response: Response): Promise<ApiError> {
  return errorFrom(response.status, await response.text().catch(() => ""));
}

/** Read an error body; also one that a proxy wrote in our place. */
export function errorFrom(status: number, text: string): ApiError {
  try {
    const body = JSON.parse(text) as { error?: unknown; detail?: unknown };
    if (typeof body.error === "string" && typeof body.detail === "string")
      return new ApiError(status, body.error, body.detail);
  } catch {
    // Not ours: said below.
  }
  return new ApiError(status, "Unreadable", m.errors.status(status));
}
