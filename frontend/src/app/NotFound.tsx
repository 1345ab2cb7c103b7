import { Compass } from "lucide-react";
import { ButtonLink } from "../components/Button";
import { useTitle } from "../components/Page";
import { Empty } from "../components/States";
import { m } from "../messages";

export function NotFound() {
  useTitle(m.errors.page);
  return (
    <main id="content" className="page">
      <Empty whole icon={<Compass size={28} aria-hidden />} title={m.errors.page} detail={m.errors.pageDetail}>
        <ButtonLink href="/">{m.errors.home}</ButtonLink>
      </Empty>
    </main>
  );
}
