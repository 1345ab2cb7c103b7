/** Patterns to start from, made from somebody's own names. Pure. */

const GENERAL = ["{identity}_c{camera}_*", "{camera}/{identity}/*", "{identity}/*"];
const MOST = 4;
const LOOKED_AT = 2000; // names
const SEPARATORS = ["_", "-", " "];
const IMAGE = /\.(jpe?g|png|webp|bmp|gif|tiff?|ppm|pgm|jfif)$/i;
const DATE = /^\d{4}-?\d{2}-?\d{2}$/;

interface Split {
  separator: string;
  parts: string[][]; // of each name that has the usual number of parts
}

/** Patterns that fit most of these names, the likeliest first; then general ones. */
export function suggested(names: readonly string[]): string[] {
  const images = names.filter((name) => IMAGE.test(name) && !/(^|\/)(\.|__MACOSX)/.test(name)).slice(0, LOOKED_AT);
  const own = ownPatterns(images);
  return [...new Set([...own, ...GENERAL])].slice(0, Math.max(MOST, own.length));
}

function ownPatterns(images: string[]): string[] {
  const stems = images.map((name) => name.split("/").at(-1)!.replace(IMAGE, ""));
  const tokens = tokenPatterns(stems);
  const folders = images.map((name) => name.split("/").at(-2) ?? "");
  if (!repeats(folders)) return tokens;
  return [...tokens.map((token) => `{camera}/${token}`), "{camera}/*", "{identity}/*"];
}

/** A pattern for each part of the names that may name an identity, at most two. */
function tokenPatterns(stems: string[]): string[] {
  const split = usualSplit(stems);
  if (!split) return [];
  const { separator, parts } = split;
  const length = parts[0]!.length;
  const places = Array.from({ length }, (_, place) => place).filter((place) => {
    const values = parts.map((part) => part[place]!);
    return repeats(values) && 2 * values.filter((value) => DATE.test(value)).length < values.length;
  });
  return places.slice(0, 2).map((place) => {
    const before = Array.from({ length: place }, () => "*");
    const after = place < length - 1 ? ["*"] : [];
    return [...before, "{identity}", ...after].join(separator);
  });
}

/** The separator that cuts most of the names into the same number of parts, two or more. */
function usualSplit(stems: string[]): Split | null {
  for (const separator of SEPARATORS) {
    const all = stems.map((stem) => stem.split(separator));
    const lengths = all.map((parts) => parts.length).sort((one, two) => one - two);
    const usual = lengths[Math.floor(lengths.length / 2)] ?? 0;
    const parts = all.filter((one) => one.length === usual);
    if (usual >= 2 && parts.length > 0.6 * stems.length) return { separator, parts };
  }
  return null;
}

/** Whether these say something: more than one value, each of them on average twice or more. */
function repeats(values: readonly string[]): boolean {
  const found = new Set(values).size;
  return found >= 2 && found <= values.length / 2;
}
