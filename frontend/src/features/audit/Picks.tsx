import { Check } from "lucide-react";
import { imageUrl } from "../../api/client";
import type { Image } from "../../api/types";

interface PicksProps {
  title: string;
  note: string;
  images: readonly Image[];
  marked: readonly string[];
  nameOf: (key: string) => string;
  mark: string; // the word on a marked image
  tone: "wrong" | "same";
  onToggle: (id: string) => void;
  onLook: (image: Image) => void;
  children?: React.ReactNode; // where there is no image, or below them
}

/** Images to mark, a check box each; the one that is pointed at or focused is shown large beside. */
export function Picks({ title, note, images, marked, nameOf, mark, tone, onToggle, onLook, children }: PicksProps) {
  return (
    <section className="audit-section" aria-label={title} data-testid={`audit-${tone}`}>
      <h2 className="audit-title">{title}</h2>
      {images.length > 0 && <p className="quiet small">{note}</p>}
      <ul className="audit-picks">
        {images.map((image) => {
          const on = marked.includes(image.id);
          return (
            <li key={image.id}>
              <label className={on ? `audit-pick audit-pick-${tone}` : "audit-pick"} onPointerEnter={() => onLook(image)}>
                <input
                  type="checkbox"
                  checked={on}
                  onChange={() => onToggle(image.id)}
                  onFocus={() => onLook(image)}
                  aria-label={nameOf(image.key)}
                />
                <img src={imageUrl(image.id, 256)} alt="" loading="lazy" draggable={false} />
                {on && (
                  <span className="audit-mark" aria-hidden>
                    <Check size={14} /> {mark}
                  </span>
                )}
              </label>
            </li>
          );
        })}
      </ul>
      {children}
    </section>
  );
}
