import * as Menu from "@radix-ui/react-dropdown-menu";
import { useQueryClient } from "@tanstack/react-query";
import { Check, CircleHelp, KeyRound, Languages, LogOut, Monitor, Moon, Sun, Users } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client";
import type { Person } from "../../api/types";
import { messageOf } from "../../components/States";
import { go } from "../../components/router";
import { say } from "../../components/Toasts";
import { chooseLanguage, LANGUAGES, m, shownLanguage } from "../../messages";
import { setTheme, wantedTheme, type Theme } from "../../components/theme";

const THEMES: [Theme, typeof Sun][] = [
  ["dark", Moon],
  ["light", Sun],
  ["system", Monitor],
];

export function AccountMenu({ person }: { person: Person }) {
  const client = useQueryClient();
  const [theme, choose] = useState(wantedTheme);
  const pick = (next: Theme) => {
    choose(next);
    setTheme(next);
  };
  const signOut = async () => {
    try {
      await api.delete("/session");
      client.clear();
      go("/sign-in");
    } catch (error) {
      say(messageOf(error));
    }
  };
  return (
    // Not modal: the modal form locks scrolling with an inline style sheet, which the server's policy refuses.
    <Menu.Root modal={false}>
      <Menu.Trigger className="account-button" data-testid="account">
        <span className="avatar" aria-hidden>
          {person.name.slice(0, 1)}
        </span>
        <span className="hidden-but-read">{m.session.account}: </span>
        <span className="account-name">{person.name}</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu" align="end" sideOffset={6}>
          <Menu.Label className="menu-label">
            {m.session.signedInAs(person.name)} · {m.session.roles[person.role]}
          </Menu.Label>
          {person.role === "admin" && (
            <Menu.Item className="menu-item" onSelect={() => go("/people")}>
              <Users size={16} aria-hidden /> {m.session.people}
            </Menu.Item>
          )}
          <Menu.Item className="menu-item" onSelect={() => go("/help")}>
            <CircleHelp size={16} aria-hidden /> {m.label.helpPage.title}
          </Menu.Item>
          <Menu.Item className="menu-item" onSelect={() => go("/tokens")}>
            <KeyRound size={16} aria-hidden /> {m.session.tokens}
          </Menu.Item>
          <Menu.Separator className="menu-line" />
          <Menu.Label className="menu-label">{m.session.theme}</Menu.Label>
          <Menu.RadioGroup value={theme}>
            {THEMES.map(([name, Icon]) => (
              <Menu.RadioItem key={name} value={name} className="menu-item" onSelect={() => pick(name)}>
                <Icon size={16} aria-hidden /> {m.session.themes[name]}
                <Menu.ItemIndicator className="tick">
                  <Check size={16} aria-hidden />
                </Menu.ItemIndicator>
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Label className="menu-label">{m.session.language}</Menu.Label>
          <Menu.RadioGroup value={shownLanguage()}>
            {LANGUAGES.map(([language, name]) => (
              <Menu.RadioItem
                key={language}
                value={language}
                className="menu-item"
                onSelect={() => void chooseLanguage(language).catch(() => say(m.errors.network))}
              >
                <Languages size={16} aria-hidden /> <span lang={language === "zh" ? "zh-Hans" : language}>{name}</span>
                <Menu.ItemIndicator className="tick">
                  <Check size={16} aria-hidden />
                </Menu.ItemIndicator>
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Separator className="menu-line" />
          <Menu.Item className="menu-item" onSelect={() => void signOut()}>
            <LogOut size={16} aria-hidden /> {m.session.signOut}
          </Menu.Item>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
