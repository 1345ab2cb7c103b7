/** How numbers and dates are written: by the language of the page. */
let locale = "en-GB";
let number = new Intl.NumberFormat(locale);
let day = dayFormat();
let minute = minuteFormat();

export const n = (value: number): string => number.format(value);

export function formatDate(moment: Date): string {
  return day.format(moment);
}

export function formatMoment(moment: Date): string {
  return minute.format(moment);
}

export function setLocale(next: string): void {
  locale = next;
  number = new Intl.NumberFormat(locale);
  day = dayFormat();
  minute = minuteFormat();
}

function dayFormat(): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
}

function minuteFormat(): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
}
