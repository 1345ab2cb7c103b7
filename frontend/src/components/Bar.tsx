interface BarProps {
  done: number;
  total: number;
  label: string;
  /** What is neither done nor open, drawn in a second tone (settled by inference). */
  extra?: number;
}

/** A thin progress bar; with no total it shows that something goes on. */
export function Bar({ done, total, label, extra = 0 }: BarProps) {
  const known = total > 0;
  const share = known ? Math.min(1, done / total) : 0;
  return (
    <div
      className={known ? "bar" : "bar bar-unknown"}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={known ? total : undefined}
      aria-valuenow={known ? Math.min(done, total) : undefined}
    >
      <div className="bar-done" style={{ transform: `scaleX(${share})` }} />
      {known && extra > 0 && (
        <div
          className="bar-extra"
          style={{ left: `${100 * share}%`, width: `${100 * Math.min(1 - share, extra / total)}%` }}
        />
      )}
    </div>
  );
}
