import { m } from "../messages";

/** Two circles: same, or different. */
export function Brand() {
  return (
    <span className="brand">
      <svg className="brand-mark" viewBox="0 0 26 18" fill="none" strokeWidth="2" aria-hidden>
        <circle className="one" cx="9" cy="9" r="7.5" />
        <circle className="two" cx="17" cy="9" r="7.5" />
      </svg>
      {m.product}
    </span>
  );
}
