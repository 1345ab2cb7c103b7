import { m } from "../../messages";
import { nameOfTile } from "./filling";
import { pageCommandOf } from "./pageKeys";
import { MixedTile } from "./MixedTile";
import { PageActions } from "./PageActions";
import { PageStage } from "./PageStage";
import { sharedAction, type WithItem } from "./screens";
import { usePage } from "./usePage";
import { usePresses } from "./usePresses";
import { changed } from "./view";
import { ViewTools } from "./ViewTools";
import { Why } from "./Why";

/** An anchor and up to 24 tiles, ticked where the model believes "same": mend what is wrong, then confirm. */
export function PageScreen(props: WithItem) {
  const { engine, view, item, look, onGiven } = props;
  const [looked, lookAt] = look;
  const page = usePage({
    item,
    isArmed: engine.isArmed,
    onReply: (reply) => {
      if (engine.answer(reply)) onGiven("same");
    },
  });
  usePresses((press, bindings) => {
    const command = pageCommandOf(press, page.picking, bindings);
    return command && (page.actionOn(command) ?? sharedAction(command, props));
  });

  return (
    <>
      <Why view={view} title={m.label.page.title} warning={page.merge && m.label.page.mergeTwice(page.merge)} note={page.picking ? m.label.page.mixedHint : null}>
        <ViewTools
          view={looked}
          onView={(what) => lookAt(changed(looked, what))}
          onLight={({ brightness, contrast }) => lookAt({ ...looked, brightness, contrast })}
        />
      </Why>
      <div className="label-body">
        <PageStage page={page} missing={item.missing} view={looked} onView={lookAt} onPainted={engine.wasPainted}>
          {page.picking && (
            <MixedTile key={nameOfTile(page.tile)} tile={page.tile} odd={page.mark.odd} onOdd={page.onOdd} />
          )}
        </PageStage>
      </div>
      <PageActions page={page} flash={props.flash !== null} />
    </>
  );
}
