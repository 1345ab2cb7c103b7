import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import { m } from "../messages";
import { Button } from "./Button";

type Pages = Pick<UseInfiniteQueryResult, "hasNextPage" | "isFetchingNextPage" | "fetchNextPage">;

/** What brings a list's next page, where there is one. */
export function More({ pages, text = m.project.more }: { pages: Pages; text?: string }) {
  if (!pages.hasNextPage) return null;
  return (
    <div className="more">
      <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
        {text}
      </Button>
    </div>
  );
}
