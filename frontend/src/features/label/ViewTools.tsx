import { Contrast, FlipHorizontal2, RotateCcw, Sun, ZoomIn, ZoomOut } from "lucide-react";
import { useState } from "react";
import { IconButton } from "../../components/Button";
import { m } from "../../messages";
import { isPlain, PLAIN, type View, type ViewChange } from "./view";

interface ViewToolsProps {
  view: View;
  onView: (change: ViewChange) => void;
  onLight: (light: Pick<View, "brightness" | "contrast">) => void;
}

/** Looking closer, at both images alike: zoom, mirror, light. */
export function ViewTools({ view, onView, onLight }: ViewToolsProps) {
  const [light, openLight] = useState(false);
  return (
    <div className="view-tools" role="group" aria-label={m.label.view.title}>
      {light && (
        <div className="view-light">
          <Slider name={m.label.view.brightness} icon={Sun} value={view.brightness} onValue={(brightness) => onLight({ ...view, brightness })} />
          <Slider name={m.label.view.contrast} icon={Contrast} value={view.contrast} onValue={(contrast) => onLight({ ...view, contrast })} />
        </div>
      )}
      {!isPlain(view) && (
        <IconButton name={m.label.view.plain} onClick={() => onView("plain")}>
          <RotateCcw size={16} aria-hidden />
        </IconButton>
      )}
      <IconButton name={m.label.view.light} aria-pressed={light} aria-expanded={light} onClick={() => openLight(!light)}>
        <Sun size={16} aria-hidden />
      </IconButton>
      <IconButton name={m.label.view.flip} aria-pressed={view.flipped} onClick={() => onView("flip")}>
        <FlipHorizontal2 size={16} aria-hidden />
      </IconButton>
      <IconButton name={m.label.view.zoomOut} disabled={view.zoom === PLAIN.zoom} onClick={() => onView("zoom-out")}>
        <ZoomOut size={16} aria-hidden />
      </IconButton>
      <IconButton name={m.label.view.zoomIn} onClick={() => onView("zoom-in")}>
        <ZoomIn size={16} aria-hidden />
      </IconButton>
    </div>
  );
}

interface SliderProps {
  name: string;
  icon: typeof Sun;
  value: number;
  onValue: (value: number) => void;
}

function Slider({ name, icon: Icon, value, onValue }: SliderProps) {
  return (
    <label className="view-slider" title={name}>
      <Icon size={14} aria-hidden />
      <span className="hidden-but-read">{name}</span>
      <input type="range" min={40} max={240} step={10} value={value} onChange={(event) => onValue(Number(event.target.value))} />
    </label>
  );
}
