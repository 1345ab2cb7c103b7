import { m } from "../messages";
import { formatDate, formatMoment } from "../messages/locale";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** A length of time in the unit a person would use. */
export function duration(seconds: number): string {
  if (seconds < 90) return m.time.seconds(Math.max(0, seconds));
  if (seconds < 90 * MINUTE) return m.time.minutes(seconds / MINUTE);
  if (seconds < 2 * DAY) return m.time.hours(seconds / HOUR);
  return m.time.days(seconds / DAY);
}

export function secondsSince(iso: string, now: number): number {
  return Math.max(0, (now - Date.parse(iso)) / 1000);
}

export function date(iso: string): string {
  return formatDate(new Date(iso));
}

export function moment(iso: string): string {
  return formatMoment(new Date(iso));
}

/** A share of 1 as a percentage with one decimal; a dash where nothing was measured. */
export function percent(value: number | null | undefined): string {
  return value == null ? m.common.none : `${(100 * value).toFixed(1)}\u00a0%`;
}

/** A small percentage (already times 100) with enough digits to be told from zero. */
export function smallPercent(value: number | null | undefined): string {
  if (value == null) return m.common.none;
  if (value === 0) return "0\u00a0%";
  return `${value < 0.01 ? value.toExponential(1) : value.toPrecision(value < 10 ? 2 : 3)}\u00a0%`;
}

export function decimal(value: number | null | undefined, digits = 3): string {
  return value == null ? m.common.none : value.toFixed(digits);
}
