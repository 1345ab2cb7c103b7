/** How the two images are looked at: the same for both, on the screen only; stored images never change. */
export interface Point {
  x: number; // share of the view's width, 0..1
  y: number;
}

export interface View {
  zoom: number; // 1 = whole image
  at: Point; // what stays in place while zooming
  flipped: boolean; // the right-hand image is mirrored
  brightness: number; // percent
  contrast: number;
}

export const PLAIN: View = { zoom: 1, at: { x: 0.5, y: 0.4 }, flipped: false, brightness: 100, contrast: 100 };
const MOST = 6;
const STEP = 1.4;
export const LOUPE = 2.5;

export type ViewChange = "zoom-in" | "zoom-out" | "flip" | "brighter" | "darker" | "plain";

const within = (low: number, value: number, high: number): number => Math.min(high, Math.max(low, value));

export function changed(view: View, change: ViewChange): View {
  switch (change) {
    case "zoom-in":
      return zoomed(view, STEP, view.at);
    case "zoom-out":
      return zoomed(view, 1 / STEP, view.at);
    case "flip":
      return { ...view, flipped: !view.flipped };
    case "brighter":
      return { ...view, brightness: within(40, view.brightness + 20, 240) };
    case "darker":
      return { ...view, brightness: within(40, view.brightness - 20, 240) };
    case "plain":
      return PLAIN;
  }
}

export function zoomed(view: View, factor: number, at: Point): View {
  const zoom = within(1, view.zoom * factor, MOST);
  return { ...view, zoom: zoom < 1.05 ? 1 : zoom, at };
}

/** Move what is seen by a share of the view. */
export function panned(view: View, dx: number, dy: number): View {
  const room = Math.max(0.01, view.zoom - 1);
  const at = { x: within(0, view.at.x - dx / room, 1), y: within(0, view.at.y - dy / room, 1) };
  return { ...view, at };
}

export function isPlain(view: View): boolean {
  return view.zoom === 1 && !view.flipped && view.brightness === 100 && view.contrast === 100;
}

/** The next question keeps the light, and nothing else. */
export function forNext(view: View): View {
  return { ...PLAIN, brightness: view.brightness, contrast: view.contrast };
}

/** The style of one image; `loupe` is where the person holds the pointer. */
export function styleOf(view: View, loupe: Point | null, mirrored: boolean): React.CSSProperties {
  const at = loupe ?? view.at;
  const zoom = loupe ? Math.max(LOUPE, view.zoom) : view.zoom;
  const style: React.CSSProperties = {};
  if (zoom > 1 || mirrored) {
    style.transform = `scale(${mirrored ? -zoom : zoom}, ${zoom})`;
    // A mirrored image turns about the middle of the same place, so that both sides show the same part of the view.
    style.transformOrigin = mirrored ? `${100 * mirrorOrigin(at.x, zoom)}% ${100 * at.y}%` : `${100 * at.x}% ${100 * at.y}%`;
  }
  if (view.brightness !== 100 || view.contrast !== 100)
    style.filter = `brightness(${view.brightness}%) contrast(${view.contrast}%)`;
  return style;
}

/** Where to turn a mirrored image about, so that it covers what the unmirrored one covers. */
function mirrorOrigin(at: number, zoom: number): number {
  // Unmirrored it spans [at (1 - zoom), at (1 - zoom) + zoom]; mirrored about o, [o (1 + zoom) - zoom, o (1 + zoom)].
  return (at * (1 - zoom) + zoom) / (1 + zoom);
}
