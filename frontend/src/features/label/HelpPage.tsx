import { Dumbbell } from "lucide-react";
import { ButtonLink } from "../../components/Button";
import { Page, Panel } from "../../components/Page";
import { m } from "../../messages";
import { KeysList } from "./KeysList";
import { VERDICT_ICONS } from "./Verdicts";
import "./label.css";
import "./pages.css";

const VERDICTS = ["same", "different", "unsure", "bad_image"] as const;

/** What is asked, what each answer means for the result, and the keys. */
export default function HelpPage() {
  const { sections } = m.label.helpPage;
  return (
    <Page
      title={m.label.helpPage.title}
      about={m.label.helpPage.about}
      narrow
      actions={
        <ButtonLink href="/practice" look="primary" icon={<Dumbbell size={16} aria-hidden />}>
          {m.label.practice.title}
        </ButtonLink>
      }
    >
      <div className="help-panels">
        <Panel title={m.label.helpPage.answersTitle}>
          <dl className="help-answers">
            {VERDICTS.map((verdict) => {
              const Icon = VERDICT_ICONS[verdict];
              return (
                <div key={verdict}>
                  <dt>
                    <Icon size={18} aria-hidden /> {m.label.verdicts[verdict]}
                  </dt>
                  <dd>{m.label.helpPage.answers[verdict]}</dd>
                </div>
              );
            })}
          </dl>
        </Panel>
        {sections.map(([title, text]) => (
          <Panel key={title} title={title}>
            <p className="help-text">{text}</p>
          </Panel>
        ))}
        <Panel title={m.label.keys.title}>
          <KeysList />
        </Panel>
      </div>
    </Page>
  );
}
