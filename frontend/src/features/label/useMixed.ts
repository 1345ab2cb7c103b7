import { useState } from "react";
import type { Side } from "../../api/types";
import type { Item } from "./types";

interface Said {
  question: string | null;
  odd: readonly string[]; // ids of the group's images that are somebody else
  picking: boolean;
}

/** The group of a pair that may hold two identities: which of its other images are not the first one's? */
export function useMixed(item: Item | null) {
  const question = item?.lease.question ?? null;
  const [last, keep] = useState<Said>({ question: null, odd: [], picking: false });
  const own = question !== null && last.question === question.id;
  const said: Said = own ? last : { question: question?.id ?? null, odd: item?.filled?.odd ?? [], picking: false };
  const group: Side | null = question?.can_be_mixed ? question.right : null;
  const toggle = (index: number) => {
    const image = index > 0 ? group?.images[index] : undefined;
    if (!image) return;
    const odd = said.odd.includes(image.id) ? said.odd.filter((one) => one !== image.id) : [...said.odd, image.id];
    keep({ ...said, odd });
  };
  return {
    group,
    odd: group ? said.odd : [],
    picking: group !== null && said.picking,
    pick: (picking: boolean) => keep({ ...said, picking }),
    toggle,
  };
}

export type MixedGroup = ReturnType<typeof useMixed>;
