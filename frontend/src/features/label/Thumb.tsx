import { useState } from "react";

/** A small picture; where it cannot be had, its place stays neutral. */
export function Thumb({ src }: { src: string }) {
  const [failed, setFailed] = useState<string | null>(null);
  if (failed === src) return <span className="thumb-none" />;
  return <img src={src} alt="" draggable={false} onError={() => setFailed(src)} />;
}
